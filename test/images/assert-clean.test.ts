// images/provision/90-assert.sh finds each thing that must not be in an image, all at once.
import { execa } from 'execa';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../scripts/project/paths.ts';

/** Runs the step against a root with the given files; returns its complaints and exit code. */
const assertClean = async (files: Record<string, string>) => {
  const root = await mkdtemp(path.join(tmpdir(), 'groundup-root-'));
  try {
    const clean = { 'etc/machine-id': '', 'etc/passwd': 'root:x:0:0::/root:/bin/sh\n' };
    const all: Record<string, string> = { ...clean, 'etc/fstab': '', ...files };
    for (const [name, text] of Object.entries(all)) {
      await mkdir(path.join(root, path.dirname(name)), { recursive: true });
      await writeFile(path.join(root, name), text, { mode: 0o644 });
    }
    const script = inProject('images/provision/90-assert.sh');
    const { stderr, exitCode } = await execa(script, [root], { reject: false, timeout: 10_000 });
    return { said: stderr.replaceAll(root, ''), exitCode };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

test('a clean root passes silently', async () => {
  assert.equal(await assertClean({}), { said: '', exitCode: 0 });
});

const key = ['-----BEGIN', 'EC PRIVATE KEY-----'].join(' ');
const faults: [said: string, files: Record<string, string>][] = [
  [
    'machine-id must exist and be empty: every instance would have the same one',
    { 'etc/machine-id': '0123456789abcdef\n' },
  ],
  ['ssh host key: /etc/ssh/ssh_host_rsa_key', { 'etc/ssh/ssh_host_rsa_key': 'x' }],
  ['authorized key: /root/.ssh/authorized_keys', { 'root/.ssh/authorized_keys': 'ssh-ed25519' }],
  ['log: /var/log/dpkg.log', { 'var/log/dpkg.log': 'x' }],
  ['package cache: /var/cache/apt/archives/a.deb', { 'var/cache/apt/archives/a.deb': 'x' }],
  ['cloud-init state: /var/lib/cloud/instances', { 'var/lib/cloud/instances/i-1/x': 'x' }],
  ['random seed: /var/lib/systemd/random-seed', { 'var/lib/systemd/random-seed': 'x' }],
  ['initrd: /boot/initrd.img-6.12', { 'boot/initrd.img-6.12': 'x' }],
  ['node file: /var/lib/kubelet/kubeconfig', { 'var/lib/kubelet/kubeconfig': 'x' }],
  ['shell history: /root/.bash_history', { 'root/.bash_history': 'x' }],
  ['build user: packer', { 'etc/passwd': 'packer:x:1000:1000::/home/packer:/bin/sh\n' }],
  ['swap in /etc/fstab', { 'etc/fstab': '/dev/sdb none swap sw 0 0\n' }],
  ['private key: /usr/local/share/a.pem', { 'usr/local/share/a.pem': `${key}\nx\n` }],
];
for (const [said, files] of faults)
  test(said, async () => {
    assert.equal(await assertClean(files), { said: `not clean: ${said}`, exitCode: 1 });
  });

test('all faults are said at once', async () => {
  const { said } = await assertClean(Object.assign({}, ...faults.map(([, files]) => files)));
  assert.is(said.split('\n').length, faults.length);
});

test.run();
