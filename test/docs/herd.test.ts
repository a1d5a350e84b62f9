// docs/herd.md: its figures are those of docs/herd.json, which meet the targets, and its options are the usage's.
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { targetsOf, type HerdFigures } from '../../scripts/herd/figures.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { assertTable, markdownTable } from './page.ts';

const page = 'docs/herd.md';
const read = (file: string) => readFile(inProject(file), 'utf8');
const figures = JSON.parse(await read('docs/herd.json')) as HerdFigures;

test('the thousand', () => {
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  const row = [
    `${figures.configured} of ${figures.nodes}`,
    seconds(figures.p50Seconds),
    seconds(figures.p99Seconds),
    seconds(figures.maxSeconds),
    figures.callsMean.toFixed(2),
    String(figures.callsMax),
    String(figures.throttled),
  ];
  const header = ['configured', 'p50', 'p99', 'last', 'calls, mean', 'calls, max', 'throttled'];
  return assertTable(page, 'herd', markdownTable(header, [row]));
});

test('it met the targets', () => {
  assert.is(figures.nodes, 1000);
  for (const { text, isMet } of targetsOf(figures)) assert.ok(isMet, text);
});

test('every option of the page is one of the usage', async () => {
  const options = new Set((await read(page)).match(/--[a-z]+/g));
  const { stdout } = await execa('sh', ['scripts/run.sh', 'bench-herd', '--help'], {
    cwd: inProject('.'),
    timeout: 60_000,
  });
  for (const option of options) assert.match(stdout, option);
});

test.run();
