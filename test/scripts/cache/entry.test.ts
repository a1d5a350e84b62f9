// A cache entry is whole or absent: built once, torn builds leave nothing, corrupt ones are rebuilt.
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cached, entryFolder, keyOf } from '../../../scripts/cache/entry.ts';

const test = suite<{ home: string; before: string | undefined }>('cache entry');

test.before.each(async (context) => {
  context.before = process.env['XDG_CACHE_HOME'];
  context.home = await mkdtemp(path.join(tmpdir(), 'groundup-cache-'));
  process.env['XDG_CACHE_HOME'] = context.home;
});

test.after.each(async (context) => {
  if (context.before === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = context.before;
  await rm(context.home, { recursive: true, force: true });
});

const write = (text: string) => async (folder: string) =>
  writeFile(path.join(folder, 'file'), text, { mode: 0o644 });

test('is built once', async () => {
  const first = await cached('kind', keyOf(1), write('one'));
  const second = await cached('kind', keyOf(1), () => Promise.reject(new Error('built twice')));
  assert.is(first.cached, false);
  assert.is(second.cached, true);
  assert.is(await readFile(path.join(second.folder, 'file'), 'utf8'), 'one');
});

test('a build that fails leaves nothing', async () => {
  const failing = async (folder: string) => {
    await writeFile(path.join(folder, 'half'), 'half', { mode: 0o644 });
    throw new Error('disk full');
  };
  const error = await cached('kind', keyOf(2), failing).catch((caught: Error) => caught.message);
  assert.is(error, 'disk full');
  assert.equal(await readdir(path.dirname(entryFolder('kind', keyOf(2)))), []);
});

const damages: [name: string, damage: (file: string) => Promise<void>, said: string][] = [
  ['changed', (file) => writeFile(file, 'two'), 'file: sha256 differs'],
  ['cut short', (file) => writeFile(file, 'o'), 'file: 1 bytes, recorded 3'],
  ['deleted', (file) => rm(file), 'file: missing'],
];
for (const [name, damage, said] of damages) {
  test(`an entry with a ${name} file is built again`, async () => {
    const { folder } = await cached('kind', keyOf(name), write('one'));
    await damage(path.join(folder, 'file'));
    const again = await cached('kind', keyOf(name), write('one'));
    assert.is(again.cached, false);
    assert.is(again.discarded, said);
    assert.is(await readFile(path.join(folder, 'file'), 'utf8'), 'one');
  });
}

test('what a killed build left is taken away by the next, a living one is left alone', async () => {
  const parent = path.dirname(entryFolder('kind', keyOf('sweep')));
  const namespace = (await readlink('/proc/self/ns/pid')).replaceAll(/\D/g, '');
  const folders = {
    dead: `.building-${namespace}-${2 ** 22 - 1}-aaaa`,
    living: `.building-${namespace}-${process.pid}-aaaa`,
    elsewhere: `.building-1-${2 ** 22 - 1}-aaaa`,
    old: '.building-1-2-aaaa',
  };
  for (const name of Object.values(folders))
    await mkdir(path.join(parent, name), { recursive: true });
  const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
  await utimes(path.join(parent, folders.old), yesterday, yesterday);
  await cached('kind', keyOf('sweep'), write('one'));
  const left = (await readdir(parent)).filter((name) => name.startsWith('.building-'));
  assert.equal(left.toSorted(), [folders.elsewhere, folders.living].toSorted());
  for (const name of left) await rm(path.join(parent, name), { recursive: true });
});

test('two builds at once end with one whole entry', async () => {
  const both = await Promise.all([1, 2].map(() => cached('kind', keyOf('race'), write('one'))));
  assert.is(both[0]?.folder, both[1]?.folder);
  assert.equal(await readdir(path.dirname(both[0]?.folder ?? '')), [keyOf('race')]);
});

test.run();
