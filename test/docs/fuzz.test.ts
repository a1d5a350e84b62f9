// docs/fuzz.md: its command runs, and its table names every property and no other.
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../scripts/project/paths.ts';

test('the command, with fewer inputs, tries the properties of the table', async () => {
  const page = await readFile(inProject('docs/fuzz.md'), 'utf8');
  const named = [...page.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name);
  const command = /^npm run fuzz -- (.*)$/m.exec(page)?.[1]?.replace('1000000', '400') ?? '';
  const { stdout } = await execa('sh', ['scripts/run.sh', 'fuzz', ...command.split(' ')], {
    cwd: inProject('.'),
    timeout: 120_000,
    all: true,
  });
  const tried = [...stdout.matchAll(/^([a-z-]+) +100 inputs: it holds/gm)].map(([, name]) => name);
  assert.equal(tried, named);
});

test.run();
