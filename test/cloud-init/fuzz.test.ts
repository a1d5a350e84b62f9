// The agent's properties on a few random inputs, and on every one that ever broke something; long
// runs: npm run fuzz. QuickJS and Node are held against each other.
import { build } from 'esbuild';
import fc from 'fast-check';
import { execa } from 'execa';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkUserData } from '../../cloud-init/validate.ts';
import { debianPrograms } from '../../scripts/image/debian-programs.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { settings } from '../fakes/node.ts';
import { anyText } from './fuzz/inputs.ts';
import { properties, propertyOf } from './fuzz/properties.ts';
import { tryProperty } from './fuzz/run.ts';

const runs = 1000;

for (const [property, { says }] of Object.entries(properties))
  test(`${property}: ${says}`, () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const broken = tryProperty({ property, runs, seed });
    assert.is(broken, undefined, JSON.stringify(broken));
  });

interface Found {
  property: string;
  /** What broke, and why it does not any more. */
  says: string;
  input: unknown;
}

const corpus = inProject('test/cloud-init/corpus');
const found = await Promise.all(
  (await readdir(corpus))
    .filter((name) => name.endsWith('.json'))
    .map(async (name) => ({
      name,
      ...(JSON.parse(await readFile(path.join(corpus, name), 'utf8')) as Found),
    })),
);

test('the corpus is not empty', () => assert.ok(found.length > 0));

for (const { name, property, says, input } of found)
  test(`corpus ${name}: ${says}`, () => {
    const row = propertyOf(property);
    assert.ok(row, `there is no property ${property}`);
    row.check(input);
  });

test('QuickJS and Node judge alike', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-fuzz-'));
  try {
    const program = path.join(folder, 'engine.mjs');
    await build({
      entryPoints: [inProject('test/cloud-init/fuzz/engine.ts')],
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      external: ['os', 'std'],
      target: 'es2023',
      minify: true,
      charset: 'utf8',
      logLevel: 'silent',
    });
    const texts = fc.sample(anyText, 1000);
    for (const { input } of found) if (typeof input === 'string') texts.push(input);
    const inputFile = path.join(folder, 'inputs');
    await writeFile(inputFile, texts.map((text) => JSON.stringify(text)).join('\n'));
    const args = ['--std', '-m', program, inputFile, JSON.stringify(settings)];
    const qjs = path.join(await debianPrograms(), 'qjs');
    const { stdout } = await execa(qjs, args, { timeout: 120_000, maxBuffer: 2 ** 28 });
    const verdicts = stdout.split('\n');
    assert.is(verdicts.length, texts.length);
    for (const [index, text] of texts.entries())
      assert.is(
        verdicts[index],
        JSON.stringify(checkUserData(text, settings)),
        `not the same for ${JSON.stringify(text)}`,
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
