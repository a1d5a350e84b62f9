// What the agent has of js-yaml: it reads as the whole does, and the rest is not in it.
import { load } from 'js-yaml';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readerOf } from '../../../scripts/image/yaml-reader.ts';
import { inProject } from '../../../scripts/project/paths.ts';

const whole = await readFile(inProject('node_modules/js-yaml/dist/js-yaml.mjs'), 'utf8');
const folder = await mkdtemp(path.join(tmpdir(), 'groundup-yaml-'));
test.after(() => rm(folder, { recursive: true, force: true }));

const documents = [
  'a: 1\nb: [0x1F, 0o17, -2.5e3, .inf, ~, null, true, "no", yes, 1_000]\n',
  "text: |\n  one\n  two\nfolded: >-\n  one\n  two\nquoted: 'it''s'\nescaped: \"\\u00e4\\n\"\n",
  'anchor: &a { x: 1 }\nalias: *a\nmerged:\n  <<: *a\n? complex\n: value\n',
  'date: 2026-11-30\ntag: !!str 12\nkey: !!binary aGVsbG8=\n',
  'a: [\n',
  'a: 1\na: 2\n',
  '\ta: 1\n',
];

test('it reads and refuses as the whole does', async () => {
  const file = path.join(folder, 'reader.mjs');
  await writeFile(file, readerOf(whole));
  const reader = (await import(file)) as { load: typeof load };
  const read = (parse: typeof load, text: string): unknown => {
    try {
      return parse(text);
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (const text of documents) assert.equal(read(reader.load, text), read(load, text), text);
  assert.equal(Object.keys(reader), ['load']);
});

test('the writer is not in it', () => {
  assert.match(whole, 'DEFAULT_DUMP_OPTIONS');
  assert.not.match(readerOf(whole), 'DUMP');
});

test('a js-yaml that is made differently is not cut anywhere', () => {
  assert.throws(
    () => readerOf(whole.replaceAll('#region src/ast/', '#region src/nodes/')),
    'js-yaml has nothing like',
  );
});

test.run();
