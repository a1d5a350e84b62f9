// Budgets, phases and the verdict on an image.
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { budgetKeys, checkBudgets, readBudgets } from '../../../scripts/bench/budgets.ts';
import { isBroken, judge } from '../../../scripts/bench/judge.ts';
import type { TimelineEntry } from '../../../scripts/bench/node-report.ts';
import { grownPhases, medianTimeline, phasesOf } from '../../../scripts/bench/phases.ts';
import { formatVerdict } from '../../../scripts/bench/verdict.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { budgets, candidate, entry, grown, later, recorded, timeline } from './records.ts';

test('images/budgets.yaml is sound, and each number has a reason above it', async () => {
  assert.equal(Object.keys(await readBudgets()), budgetKeys);
  const text = await readFile(inProject('images/budgets.yaml'), 'utf8');
  for (const key of budgetKeys) assert.match(text, new RegExp(`^# .*\n${key}: `, 'm'), key);
});

test('a fault in the budgets has a place', () => {
  const { budgets: none, findings } = checkBudgets('touched-mib: many\nread-mibs: 3\n');
  assert.is(none, undefined);
  assert.equal(
    findings.slice(0, 1).map(({ id, line, column, message }) => [id, line, column, message]),
    [['bad-budget', 1, 14, 'a number above 0 is expected; found "many"']],
  );
  assert.ok(findings.some(({ id, line }) => id === 'unknown-key' && line === 2));
  assert.ok(findings.some(({ message }) => message.endsWith('found absent')));
  assert.is(checkBudgets('').findings.length > 0, true);
});

test('phases begin where the one before ends; what goes on beside has a start of its own', () => {
  const names = phasesOf(timeline).map(({ from, to, seconds }) => `${from} ${to} ${seconds}`);
  assert.equal(names, [
    'power-on kernel 4',
    'kernel userspace 2',
    'userspace network-online 8',
    'network-online user-data-read 1',
    'user-data-read kubelet-exec 2',
    'kubelet-exec node-ready 10',
    'userspace containerd-ready 7',
    'node-ready kube-proxy-synced 6',
  ]);
  assert.is(phasesOf(timeline)[2]?.readMib, 54);
  assert.is(phasesOf(timeline)[0]?.readMib, undefined);
});

test('the median timeline of three boots', () => {
  const boots = [timeline, later('userspace', 2, 2), later('userspace', 9, 9)];
  const found = medianTimeline(boots).find(({ event }) => event === 'node-ready');
  assert.equal(found, entry('node-ready', 25, 112));
});

test('a phase that grew is named; a slow machine makes none grow', () => {
  const names = (now: TimelineEntry[], pace = 1) =>
    grownPhases(now, timeline, pace).map(({ phase }) => phase.to);
  assert.equal(names(timeline), []);
  assert.equal(names(later('user-data-read', 3, 0)), ['user-data-read']);
  assert.equal(names(later('user-data-read', 0, 6)), ['user-data-read']);
  assert.equal(names(later('user-data-read', 0.1, 0.5)), []);
  const twice = timeline.map((one) => ({ ...one, uptimeMs: one.uptimeMs * 2 }));
  assert.equal(names(twice, 2), []);
  assert.ok(names(twice).length > 3);
});

test('an event that only one image has is part of the next phase', () => {
  const old = timeline.filter(({ event }) => event !== 'user-data-read');
  const [growth] = grownPhases(later('kubelet-exec', 4, 0), old, 1);
  assert.equal([growth?.phase.from, growth?.phase.to], ['network-online', 'kubelet-exec']);
});

test('an image like the last one breaks nothing', () => {
  assert.equal(judge(candidate, recorded, budgets), []);
  assert.equal(judge(candidate, undefined, budgets), []);
});

test('a broken budget is an error, with the phase that explains it', () => {
  const findings = judge(grown, recorded, budgets);
  assert.equal(
    findings.map(({ severity, place, found }) => [severity, place, found]),
    [
      [
        'error',
        'touched-mib',
        '131.2 MiB, 110.0 MiB in worker-1.37.1-amd64-3f2a91c.qcow2; most in userspace → network-online (cold): 1.3 times as long, 21.2 MiB more',
      ],
      ['error', 'processes', '101, 90 in worker-1.37.1-amd64-3f2a91c.qcow2'],
      ['warning', 'userspace → network-online (cold)', '1.3 times as long, 21.2 MiB more'],
    ],
  );
  assert.ok(isBroken(findings));
  for (const { rule, remedy } of findings) assert.ok(rule !== '' && remedy !== '');
});

test('growth within the budgets is told and breaks nothing', () => {
  const findings = judge({ ...grown, figures: candidate.figures }, recorded, budgets);
  assert.equal(
    findings.map(({ severity }) => severity),
    ['warning'],
  );
  assert.not.ok(isBroken(findings));
});

test('cold boots of different latencies are not compared', () => {
  const other = { ...grown, figures: candidate.figures, latencyMs: 20 };
  assert.equal(judge(other, recorded, budgets), []);
});

test('the verdict has a line per figure', () => {
  const sound = formatVerdict(candidate, recorded, budgets, judge(candidate, recorded, budgets));
  assert.equal(sound.split('\n'), [
    'compare    recorded: worker-1.37.1-amd64-3f2a91c.qcow2',
    'touched    110.0 MiB, at most 120.0 MiB: ok; 110.0 MiB recorded',
    'read       200.0 MiB, at most 210.0 MiB: ok; 200.0 MiB recorded',
    'processes  90, at most 100: ok; 90 recorded',
    'packages   150, at most 160: ok; 150 recorded',
    'used       700 MiB, at most 720 MiB: ok; 700 MiB recorded',
    'floor      0.46, at most 0.50: ok; 0.46 recorded',
    'cold       1.10, at most 1.20: ok; 1.10 recorded',
    'check      7 figures of worker-1.37.2-amd64-aaaaaaa.qcow2 keep within images/budgets.yaml',
  ]);
  const broken = formatVerdict(grown, recorded, budgets, judge(grown, recorded, budgets));
  assert.match(broken, /^touched {4}131\.2 MiB, at most 120\.0 MiB: BROKEN; 110\.0 MiB recorded$/m);
  assert.match(broken, /^ {11}hint: take out what came in, or raise touched-mib in /m);
  assert.match(broken, /^grew {7}userspace → network-online \(cold\): /m);
  assert.match(broken, /^check {6}2 of 7 budgets broken by /m);
  const { 'cold-ratio': _, ...figures } = candidate.figures;
  assert.match(
    formatVerdict({ ...candidate, figures }, undefined, budgets, []),
    /^cold {7}not measured$/m,
  );
});

test.run();
