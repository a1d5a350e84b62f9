// docs/boot.md: its figures are those of docs/boot.json, its tables the ones in code, its options the usage's.
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { budgetKeys, budgetTable, readBudgets } from '../../scripts/bench/budgets.ts';
import { runVersion, type BootRun } from '../../scripts/bench/figures.ts';
import { formatFigure, judge } from '../../scripts/bench/judge.ts';
import { usage } from '../../scripts/bench/options.ts';
import { committedRun, isWhole } from '../../scripts/bench/record.ts';
import { tablesOf } from '../../scripts/bench/table.ts';
import { targetsOf } from '../../scripts/bench/targets.ts';
import { variantIds, variants } from '../../scripts/bench/variants.ts';
import { formatVerdict } from '../../scripts/bench/verdict.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { budgets, grown, recorded } from '../scripts/bench/records.ts';
import { assertTable, markdownTable, readFences } from './page.ts';

const page = 'docs/boot.md';
const text = await readFile(committedRun, 'utf8').catch(() => undefined);
const run = text === undefined ? undefined : (JSON.parse(text) as BootRun);

test('a run is committed, with which an image can be compared', () => {
  assert.ok(run, 'npm run bench:boot -- --json docs/boot.json; then UPDATE=1 and this test');
  assert.is(run.runVersion, runVersion);
  assert.ok(isWhole(run));
});

test('the variants', () => {
  const rows = variantIds.map((id) => [`(${id})`, variants[id].text]);
  return assertTable(page, 'variants', markdownTable(['disk', 'what it is'], rows));
});

test('the budgets', async () => {
  const limits = await readBudgets();
  const rows = budgetKeys.map((key) => [
    `\`${key}\``,
    formatFigure(key, limits[key]),
    budgetTable[key].rule,
  ]);
  return assertTable(page, 'budgets', markdownTable(['budget', 'at most', 'of what'], rows));
});

for (const { id, title, header, rows } of run === undefined ? [] : tablesOf(run))
  test(title, () => assertTable(page, id, markdownTable(header, rows)));

test('the targets', () => {
  assert.ok(run);
  const rows = targetsOf(run).map(({ text, value, limit, unit, isMet }) => {
    const digits = unit === '' ? 2 : 1;
    const [found, most] = [value, limit].map((number) => `${number.toFixed(digits)}${unit}`);
    return [text, found ?? '', most ?? '', isMet ? 'yes' : 'no'];
  });
  return assertTable(page, 'targets', markdownTable(['', 'found', 'at most', 'met'], rows));
});

test('the verdict it shows is one', async () => {
  const shown = (await readFences(page)).find(({ info }) => info === 'console check')?.text;
  const verdict = formatVerdict(grown, recorded, budgets, judge(grown, recorded, budgets));
  assert.is(shown, `${verdict}\n`);
});

test('the options of the page are those of the usage', async () => {
  const optionsOf = (text: string) =>
    [...new Set(text.match(/(?<=[\s`])--[a-z]+/g))].toSorted().join(' ');
  const shown = await readFile(inProject(page), 'utf8');
  assert.is(optionsOf(shown), optionsOf(usage));
});

test.run();
