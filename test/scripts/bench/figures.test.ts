// Medians, targets and the tables of the boot benchmark.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTimes } from '../../../scripts/bench/agent-time.ts';
import type { Boot } from '../../../scripts/bench/boot.ts';
import { addedSeconds, median, medianOf } from '../../../scripts/bench/figures.ts';
import { formatRun } from '../../../scripts/bench/table.ts';
import { targetsOf } from '../../../scripts/bench/targets.ts';
import { isNeededForCheck, planOf, variantIds } from '../../../scripts/bench/variants.ts';
import { fullBoots, readyIn, runOf } from './boots.ts';

const agent = { cpuMs: 40, compileMs: 15, curlMs: 20, elapsedMs: 100 };
const full = runOf(fullBoots(), { agent });

const without = (boots: readonly Boot[], unwanted: string): Boot[] =>
  boots.filter(({ variant, volume }) => `${variant} ${volume}` !== unwanted);

const missedOf = (boots: readonly Boot[], latencyMs = 60): string[] =>
  targetsOf(runOf([...boots], { agent, latencyMs }))
    .filter(({ isMet }) => !isMet)
    .map(({ text }) => text);

test('the median of odd and even counts', () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
  const pick = ({ readySeconds }: Boot) => readySeconds;
  assert.is(medianOf(full.boots, { variant: 'e', volume: 'cold' }, pick), 85);
  assert.is(medianOf(full.boots, { variant: 'd', volume: 'cold' }, pick), undefined);
});

test('what is not booted has no target', () => {
  assert.is(targetsOf(full).length, 10);
  assert.equal(
    targetsOf(runOf(readyIn('c', 'warm', [24]))).map(({ text }) => text),
    ['(c) touched, warm'],
  );
  const warm = full.boots.filter(({ volume }) => volume === 'warm');
  assert.not.ok(targetsOf(runOf(warm)).some(({ text }) => text.includes('cold')));
});

test('targets are met or missed by their ratios', () => {
  assert.equal(missedOf(full.boots), []);
  const slow = readyIn('c', 'warm', [30, 30, 30], {
    processes: 151,
    readMib: 210,
    touchedMib: 121,
  });
  assert.equal(missedOf([...without(full.boots, 'c warm'), ...slow]), [
    '(c) / (b) warm',
    '(c) / (a) warm',
    '(c) / (d) warm',
    '(c) - (b) read, warm',
    '(c) processes / (a)',
    '(c) touched, warm',
  ]);
  const cold = readyIn('c', 'cold', [30, 30, 31], { loaderSeconds: 5 });
  assert.equal(missedOf([...without(full.boots, 'c cold'), ...cold]), [
    '(c) cold - warm',
    '(c) added / (e) added',
  ]);
});

test('a shorter latency has a tighter limit, another has none', () => {
  assert.equal(missedOf(full.boots, 20), ['(c) cold - warm']);
  assert.equal(missedOf(full.boots, 35), []);
});

test('a cold boot that adds nothing to theirs is no proof', () => {
  const theirs = readyIn('e', 'cold', [70, 69, 72]);
  const boots = [...without(full.boots, 'e cold'), ...theirs];
  assert.equal(missedOf(boots), ['(c) added / (e) added']);
});

test('a machine that slows down between rounds changes no ratio', () => {
  const slowed = runOf([
    ...readyIn('a', 'warm', [40, 80, 60]),
    ...readyIn('b', 'warm', [20, 40, 30]),
    ...readyIn('c', 'warm', [20.4, 40.8, 30.6]),
  ]);
  assert.is(targetsOf(slowed)[0]?.value.toFixed(3), '1.020');
});

test('GRUB and the kernel, which are read from the volume, count as added', () => {
  const boots = [
    ...readyIn('c', 'warm', [20, 20], { loaderSeconds: 4 }),
    ...readyIn('c', 'cold', [21, 22], { loaderSeconds: 6 }),
  ];
  assert.equal(addedSeconds(boots, 'c'), [3, 4]);
});

test('the tables', () => {
  const text = formatRun(full);
  const lines = text.split('\n');
  assert.is(lines[0], 'seconds since power on');
  assert.match(lines[1] ?? '', /^ +kernel +userspace +network +containerd +kubelet +Ready /);
  const cold =
    '(c)  cold     4.0        6.0     16.0        17.0     19.0   30.0  29.5-31.5          2.0';
  assert.ok(lines.includes(cold), text);
  assert.ok(lines.includes('(c)  warm        2.0     12.0        13.0     15.0   24.0  23.5-25.0'));
  assert.match(text, /^\(a\) {2}cold +350\.0 +200\.0 +5000 +300 +350\.0-350\.0$/m);
  assert.match(text, /^\(e\) {2}stock Debian, nodeadm's way/m);
  assert.match(text, /^\(c\) \/ \(b\) warm +1\.00, at most 1\.05: ok$/m);
  assert.match(text, /^cold: .* takes 60 ms$/m);
  const missed = formatRun({ ...full, agent: { ...agent, cpuMs: 62 } });
  assert.match(missed, /^agent without waits +62\.0 ms, at most 50\.0 ms: MISSED$/m);
});

test('cold follows warm, and a check boots what it needs', () => {
  const names = (plan: ReturnType<typeof planOf>) =>
    plan.map(({ variant, volume }) => `${variant} ${volume}`);
  assert.equal(names(planOf(['c', 'a', 'c'], ['cold', 'warm'])), [
    'a warm',
    'a cold',
    'c warm',
    'c cold',
  ]);
  assert.is(planOf(variantIds, ['cold']).length, variantIds.length);
  const check = planOf(['a', 'c'], ['warm', 'cold']).filter(isNeededForCheck);
  assert.equal(names(check), ['a warm', 'c warm', 'c cold']);
});

test("curl's time is taken from the whole", () => {
  const curl = '0m0.004s 0m0.001s\n0m0.010s 0m0.005s\n';
  const { cpuMs, curlMs, elapsedMs } = parseTimes('0.120 0.060 0.040\n', curl);
  assert.equal([cpuMs, curlMs, elapsedMs].map(Math.round), [80, 20, 120]);
});

test.run();
