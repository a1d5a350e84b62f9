// docs/cold-volume.md: what measures save and cost is what docs/measures.json says.
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runVersion, type BootRun } from '../../scripts/bench/figures.ts';
import { measureHeader, measureRows } from '../../scripts/bench/measure-table.ts';
import { measureIds } from '../../scripts/bench/measures.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { assertTable, markdownTable } from './page.ts';

const file = 'docs/measures.json';
const run = JSON.parse(await readFile(inProject(file), 'utf8')) as BootRun;

test('each measure was undone, on both volumes', () => {
  assert.is(run.runVersion, runVersion, `npm run bench:boot -- --without all --json ${file}`);
  for (const variant of ['ours', ...measureIds])
    for (const volume of ['warm', 'cold'])
      assert.ok(
        run.boots.some((boot) => boot.variant === variant && boot.volume === volume),
        `${variant} ${volume}`,
      );
});

test('what each measure saves and costs', () =>
  assertTable('docs/cold-volume.md', 'measures', markdownTable(measureHeader, measureRows(run))));

test.run();
