// Which files the layout's tables stand for: images/provision/listed-files.
import { execa } from 'execa';
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../scripts/project/paths.ts';

const test = suite('listed files');
let folder = '';

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-listed-'));
  await mkdir(path.join(folder, 'lib/some.d'), { recursive: true });
  for (const name of ['lib/b.so.1', 'lib/a.so.2', 'lib/twin.so'])
    await writeFile(path.join(folder, name), name);
  await link(path.join(folder, 'lib/twin.so'), path.join(folder, 'lib/twin.so.other'));
  await symlink('a.so.2', path.join(folder, 'lib/a.so'));
});

test.after(() => rm(folder, { recursive: true, force: true }));

const listed = async (patterns: readonly string[], ...conditions: string[]): Promise<string[]> => {
  const table = path.join(folder, 'table.txt');
  await writeFile(table, patterns.map((pattern) => pattern.replace('ROOT', folder)).join('\n'));
  const { stdout } = await execa(
    inProject('images/provision/listed-files'),
    [table, ...conditions],
    { timeout: 10_000 },
  );
  return stdout.split('\n').map((file) => path.relative(folder, file));
};

test('each file once, in the order of the table; a comment and what is not there are nothing', async () => {
  const patterns = ['# ROOT/lib/*', '', 'ROOT/lib/none*', 'ROOT/lib/b.so*', 'ROOT/lib/*.so.?', ''];
  assert.equal(await listed(patterns, '-type', 'f'), ['lib/b.so.1', 'lib/a.so.2']);
});

test('links only where they are asked for, folders never', async () => {
  const found = await listed(['ROOT/lib/*'], '(', '-type', 'f', '-o', '-type', 'l', ')');
  assert.equal(found, ['lib/a.so', 'lib/a.so.2', 'lib/b.so.1']);
});

test('a file with two names stays where it is', async () => {
  assert.equal(await listed(['ROOT/lib/twin*', 'ROOT/lib/b*', ''], '-type', 'f'), ['lib/b.so.1']);
});

test.run();
