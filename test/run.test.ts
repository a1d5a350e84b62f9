// The runner must be able to say no: a failing file, an empty one, one that dies.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../scripts/project/paths.ts';
import { runTestFile } from './run.ts';

const uvu = JSON.stringify(import.meta.resolve('uvu'));

const cases: [name: string, source: string, expected: { passed: number; failed: number }][] = [
  ['one passes', `test('a', () => {}); test.run();`, { passed: 1, failed: 0 }],
  [
    'one of two fails',
    `test('a', () => {}); test('b', () => { throw new Error('no'); }); test.run();`,
    { passed: 1, failed: 1 },
  ],
  ['forgets run()', `test('a', () => {});`, { passed: 0, failed: 1 }],
  ['has no test', `void test;`, { passed: 0, failed: 1 }],
  [
    'dies after its last test',
    `test('a', () => {}); test.run(); setTimeout(() => process.exit(3), 300);`,
    { passed: 1, failed: 1 },
  ],
  ['does not finish', `setInterval(() => {}, 1000);`, { passed: 0, failed: 1 }],
];

for (const [name, source, expected] of cases) {
  test(`a file that ${name}`, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'groundup-run-'));
    try {
      const file = path.join(folder, 'case.test.mjs');
      await writeFile(file, `import { test } from ${uvu};\n${source}\n`, { mode: 0o644 });
      const { passed, failed } = await runTestFile(file, 4000);
      assert.equal({ passed, failed }, expected);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

test('every test file calls run()', async () => {
  const { readFile } = await import('node:fs/promises');
  const { findTestFiles } = await import('./run.ts');
  const short = await findTestFiles([], 'short');
  const long = await findTestFiles([], 'long');
  assert.ok(short.length > 0 && long.length > 0);
  assert.equal(
    short.filter((file) => long.includes(file)),
    [],
  );
  const files = [...short, ...long];
  for (const file of files)
    assert.match(await readFile(inProject(file), 'utf8'), /^(test|uvuTest)\.run\(\);$/m, file);
});

test.run();
