// The overlay of (e): which files it leaves, which units start when, what its script writes.
import {
  chmod,
  mkdtemp,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { overlayNodeadm } from '../../../scripts/bench/nodeadm-way.ts';
import type { Captured } from '../../../scripts/bench/prewritten.ts';
import { inProject } from '../../../scripts/project/paths.ts';

const captured = {
  'var/lib/kubelet/kubelet-config.yaml': 'kind: KubeletConfiguration\n',
  'var/lib/kubelet/kubeconfig': 'kind: Config\n',
  'var/lib/kubelet/node.env': 'NODE_NAME=old\n',
  'var/lib/kube-proxy/kube-proxy-config.yaml': 'kind: KubeProxyConfiguration\n',
  'etc/cni/net.d/10-bridge.conf': '{}\n',
};

const makeCaptured = async (folder: string): Promise<Captured> => {
  for (const [name, text] of Object.entries(captured)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, text, { mode: 0o600 });
  }
  const { stdout } = await execa('tar', ['--create', '--directory', folder, '.'], {
    encoding: 'buffer',
    timeout: 30_000,
  });
  return { archive: Buffer.from(stdout), sshPublicKey: 'ssh-ed25519 AAAA lab' };
};

const withRoot = async (work: (root: string, folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-overlay-'));
  try {
    const from = await makeCaptured(path.join(folder, 'captured'));
    const root = path.join(folder, 'root');
    await mkdir(root, { mode: 0o755 });
    await overlayNodeadm(root, from);
    await work(root, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

const units = 'etc/systemd/system';

test('files to write wait beside the script; certificates and CNI are in place', () =>
  withRoot(async (root) => {
    const templates = await readdir(path.join(root, 'usr/local/share/node-config'));
    assert.equal(templates.toSorted(), ['kube-proxy-config.yaml', 'kubelet-config.yaml']);
    assert.equal(await readdir(path.join(root, 'var/lib/kubelet')), ['kubeconfig']);
    assert.equal(await readdir(path.join(root, 'etc/cni/net.d')), ['10-bridge.conf']);
    assert.is((await stat(path.join(root, 'usr/local/sbin/node-config'))).mode & 0o777, 0o755);
  }));

test('two binaries are read at basic.target; nothing but the last unit starts the node', () =>
  withRoot(async (root) => {
    const wantedBy = (target: string) => readdir(path.join(root, units, `${target}.wants`));
    assert.equal((await wantedBy('basic.target')).toSorted(), [
      'read-binary@containerd.service',
      'read-binary@kubelet.service',
    ]);
    const link = path.join(root, units, 'basic.target.wants/read-binary@kubelet.service');
    assert.is(await readlink(link), `/${units}/read-binary@.service`);
    assert.equal(await wantedBy('multi-user.target'), ['node-config.service']);
    assert.equal(await wantedBy('cloud-init.target'), ['node-run.service']);
  }));

test('the order of the units', async () => {
  const read = (name: string) =>
    readFile(inProject('scripts/bench/nodeadm/rootfs', units, name), 'utf8');
  const config = await read('node-config.service');
  assert.match(config, /^After=systemd-networkd\.service /m);
  assert.match(config, /^Before=cloud-init-network\.service /m);
  assert.match(
    await read('node-run.service'),
    /^After=node-config\.service cloud-final\.service$/m,
  );
});

test('the script writes what the metadata service says', () =>
  withRoot(async (root, folder) => {
    const programs = path.join(folder, 'bin');
    await mkdir(programs, { mode: 0o755 });
    const answers = String.raw`case "$*" in
*PUT*) printf token ;;
*) printf 'ip-172-31-0-20.internal\n172.31.0.20\ni-0\nt3.medium\n02:00\n{\n}\nname=worker-0\n' ;;
esac`;
    const log = path.join(folder, 'curl.log');
    const curl = `#!/bin/sh\ncat >>${log}\n${answers}\n`;
    await writeFile(path.join(programs, 'curl'), curl, { mode: 0o755 });
    await chmod(path.join(programs, 'curl'), 0o755);
    const script = await readFile(path.join(root, 'usr/local/sbin/node-config'), 'utf8');
    const moved = script.replaceAll(/(?<=[ ">=])\/(?=usr\/local|var\/lib)/g, `${root}/`);
    const env = { PATH: `${programs}:${process.env['PATH'] ?? ''}` };
    await execa('sh', ['-c', moved], { env, timeout: 10_000 });
    const kubelet = path.join(root, 'var/lib/kubelet');
    assert.equal(
      await readFile(path.join(kubelet, 'node.env'), 'utf8'),
      'NODE_NAME=ip-172-31-0-20\nNODE_IP=172.31.0.20\n',
    );
    assert.match(await readFile(path.join(kubelet, 'kubelet-config.yaml'), 'utf8'), 'Kubelet');
    assert.match(await readFile(log, 'utf8'), 'X-aws-ec2-metadata-token: token');
  }));

test.run();
