// The tables in images/: every line has a reason, and every masked name exists in the base.
import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../scripts/project/paths.ts';
import { readCriticalChain } from '../lab/critical-chain.ts';

const rowsOf = async (file: string): Promise<{ name: string; why: string }[]> =>
  (await readFile(inProject(file), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...why] = line.split(/\s+/);
      return { name, why: why.join(' ') };
    });

for (const file of [
  'images/base/packages.txt',
  'images/provision/masked-units.txt',
  'images/provision/masked-generators.txt',
]) {
  test(`${file}: each line has a name and a reason, no name twice`, async () => {
    const rows = await rowsOf(file);
    assert.ok(rows.length > 0);
    for (const { name, why } of rows) assert.ok(why.length > 2, `${name} has no reason`);
    assert.is(new Set(rows.map(({ name }) => name)).size, rows.length);
  });
}

test('docs/image.md shows what is masked, with the same reasons', async () => {
  // Prettier aligns tables; the words are what counts.
  const page = (await readFile(inProject('docs/image.md'), 'utf8')).replaceAll(/ +/g, ' ');
  for (const file of ['masked-units.txt', 'masked-generators.txt'])
    for (const { name, why } of await rowsOf(`images/provision/${file}`))
      assert.ok(page.includes(`| \`${name}\` | ${why} |`), `${name} is not in docs/image.md`);
});

test('docs/boot.md shows what a boot may wait for, with the same reasons', async () => {
  const page = (await readFile(inProject('docs/boot.md'), 'utf8')).replaceAll(/ +/g, ' ');
  for (const [unit, names] of Object.entries(await readCriticalChain()))
    for (const [name, why] of Object.entries(names)) {
      const row = `| ${unit === 'all' ? 'all' : `\`${unit}\``} | \`${name}\` | ${why} |`;
      assert.ok(page.includes(row), `docs/boot.md lacks ${row}`);
    }
});

test('no unit makes an ordering cycle or has an unknown key', async () => {
  // Debian 12's systemd and 13's both know every key we use; programs are only on the node.
  const folder = inProject('images/rootfs/etc/systemd/system');
  const units = [
    'containerd',
    'kubelet',
    'kube-proxy',
    'groundup',
    'groundup-ready',
    'groundup-read-kube-proxy',
  ];
  const files = units.map((unit) => `${folder}/${unit}.service`);
  const { all } = await execa(
    'systemd-analyze',
    ['verify', '--man=no', '--recursive-errors=no', ...files],
    { all: true, reject: false, timeout: 30_000 },
  );
  const complaints = all
    .split('\n')
    .filter((line) => line !== '' && !/is not executable: No such file/.test(line))
    .filter((line) => line.includes('images/rootfs') || /cycle/.test(line));
  assert.equal(complaints, []);
});

test.run();
