// `ready` as a process, in QuickJS and in Node, against an API server and a kube-proxy on loopback:
// what it asks, what it says, and the timeline that is left.
import { renameSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { timelinePath } from '../../cloud-init/timeline-record.ts';
import { inOrder, parseTimeline } from '../../cloud-init/timeline.ts';
import { bundleAgent } from '../../scripts/image/agent.ts';
import { debianPrograms } from '../../scripts/image/debian-programs.ts';
import {
  startInstance,
  type Engine,
  type LoopbackInstance,
} from '../../scripts/lab/loopback-instance.ts';
import { CertificateAuthority, kubeconfigFor } from '../../scripts/lab/pki.ts';
import { nodeEvent, podEvent } from '../fakes/api-server.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'groundup-ready-'));
await bundleAgent(folder);
const engines: Engine[] = [
  { name: 'quickjs', folder, programsFolder: await debianPrograms() },
  { name: 'node' },
];
const worker = 'k8s-cluster-from-ground-up-worker-0';
const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();

const listen = async (server: NetServer): Promise<number> => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
};

/** Lines that come one after the other; on a node nobody must wait for the end of a watch. */
const startApiServer = async (
  authority: CertificateAuthority,
  lines: (url: string) => readonly string[],
  isEnded: boolean,
): Promise<{ server: Server; asked: string[]; port: number }> => {
  const pair = await authority.sign('server', {
    commonName: 'kubernetes',
    alternativeNames: ['IP:127.0.0.1'],
  });
  const asked: string[] = [];
  const ca = await authority.certificate();
  const server = createServer(
    { cert: pair.certificate, key: pair.key, ca, requestCert: true },
    (request, response) => {
      const url = request.url ?? '';
      asked.push(url);
      const waiting = [...lines(url)];
      const timer = setInterval(() => {
        const line = waiting.shift();
        if (line !== undefined) response.write(`${line}\n`);
        if (waiting.length > 0) return;
        clearInterval(timer);
        if (isEnded) response.end();
      }, 400);
    },
  );
  return { server, asked, port: await listen(server) };
};

/** A node whose kubeconfigs lead to that API server. */
const pointTo = async (
  instance: LoopbackInstance,
  authority: CertificateAuthority,
  url: string,
) => {
  const ca = await authority.certificate();
  const client = await authority.sign('client', {
    commonName: 'system:node:ip-172-31-0-20',
    organization: 'system:nodes',
    alternativeNames: ['IP:172.31.0.20'],
  });
  const proxy = await authority.sign('proxy', { commonName: 'system:kube-proxy' });
  Object.assign(instance.fields.node, {
    [`${worker}.pem`]: client.certificate,
    [`${worker}-key.pem`]: client.key,
    [`${worker}.kubeconfig`]: kubeconfigFor('u', client, ca, url),
  });
  Object.assign(instance.fields.shared, {
    'ca.pem': ca,
    'kube-proxy.kubeconfig': kubeconfigFor('u', proxy, ca, url),
  });
  instance.putSecrets();
};

const diskstats = (sectors: number): string =>
  ` 259       0 nvme0n1 3121 1 ${sectors} 4000 20 3 160 9 0 800 4009 0 0 0 0 0 0\n`;

/** Only file operations go below the root, so what the kernel says must be there as well. */
const putProc = async (root: string): Promise<string> => {
  const random = path.join(root, 'proc/sys/kernel/random');
  await mkdir(random, { recursive: true });
  await writeFile(path.join(random, 'boot_id'), `${bootId}\n`);
  const statistics = path.join(root, 'proc/diskstats');
  await writeFile(statistics, diskstats(2000));
  return statistics;
};

const unit = (id: string, microseconds: number): string =>
  `Id=${id}\\nActiveEnterTimestampMonotonic=${microseconds}\\nExecMainStartTimestampMonotonic=${microseconds}\\n`;

/** A systemctl that tells when systemd began: the machine's own clock is the node's. */
const putSystemctl = async (root: string): Promise<void> => {
  const units = ['sysinit.target', 'containerd.service', 'kubelet.service'];
  const script = `#!/bin/sh
echo "$@" >>${root}/systemctl.log
case $* in
  show*Userspace*) printf 'InitRDTimestampMonotonic=0\\nUserspaceTimestampMonotonic=1000000\\n' ;;
  show*) printf '${units.map((id, index) => unit(id, (index + 2) * 1_000_000)).join('\\n')}' ;;
esac
`;
  await writeFile(path.join(root, 'bin/systemctl'), script, { mode: 0o755 });
};

for (const engine of engines)
  test(`${engine.name}: from a watch with the node's own certificate to a whole timeline`, async () => {
    const instance = await startInstance('name=worker-0|pod-cidr=172.20.0.0/24');
    const authority = await CertificateAuthority.create(path.join(folder, `pki-${engine.name}`));
    const settled = path.join(instance.root, 'run/groundup/settled');
    let wasSettled = false;
    const statistics = await putProc(instance.root);
    await putSystemctl(instance.root);
    const startedAt = () => new Date().toISOString();
    const lines = (url: string): string[] => {
      if (url.startsWith('/api/v1/nodes'))
        return [
          nodeEvent('True', 'the last boot'),
          nodeEvent('False', bootId, 'cni plugin not initialized'),
          nodeEvent('False', bootId, 'PLEG is not healthy'),
          nodeEvent('True', bootId),
        ];
      void stat(settled).then(() => (wasSettled = true));
      return [podEvent('False', startedAt()), podEvent('True', startedAt())];
    };
    const api = await startApiServer(authority, lines, engine.name === 'node');
    const kubeProxy = createPlainServer((_request, response) => {
      const name = 'kubeproxy_sync_proxy_rules_last_timestamp_seconds';
      response.end(`# HELP ${name} a\n${name}{ip_family="IPv4"} ${Date.now() / 1000}\n`);
    });
    let sectors = 2000;
    const reading = setInterval(() => {
      sectors += 100;
      // Whole at every moment, as the kernel's own.
      writeFileSync(`${statistics}.new`, diskstats(sectors));
      renameSync(`${statistics}.new`, statistics);
    }, 50);
    try {
      await pointTo(instance, authority, `https://127.0.0.1:${api.port}`);
      const kubeProxyUrl = `http://127.0.0.1:${await listen(kubeProxy)}/metrics`;
      assert.is((await instance.run(engine, 'configure')).exitCode, 0);
      const run = await instance.run(engine, 'ready', { kubeProxyUrl });
      assert.is(run.exitCode, 0, run.journal.join('\n'));
      assert.match(
        run.console[0] ?? '',
        /^groundup: Ready in \d+\.\d s \(user-data \d+\.\d, secrets \d+\.\d, kubelet \d+\.\d, network \d+\.\d\)$/,
      );
      assert.equal(run.journal, [`<6>${run.console[0]}`]);
      assert.is(api.asked.length, 2);
      assert.is(
        api.asked[0],
        '/api/v1/nodes?fieldSelector=metadata.name%3Dip-172-31-0-20&watch=true&timeoutSeconds=300',
      );
      assert.match(
        api.asked[1] ?? '',
        /^\/api\/v1\/pods\?fieldSelector=spec\.nodeName%3Dip-172-31-0-20&watch=true&timeoutSeconds=\d+$/,
      );
      assert.ok(wasSettled, 'whoever waits for Ready does not wait for pods');
      const file = parseTimeline(await readFile(path.join(instance.root, timelinePath), 'utf8'));
      assert.is(file.bootId, bootId);
      const moments = inOrder(file.timeline);
      assert.equal(
        moments.map(([event]) => event),
        [
          ...['kernel', 'userspace', 'sysinit', 'containerd-ready', 'kubelet-exec'],
          ...['network-online', 'user-data-read', 'secrets-read', 'files-written'],
          ...['services-started', 'registered', 'cni-ready', 'node-ready'],
          ...['kube-proxy-synced', 'first-pod'],
        ],
      );
      const bytes = moments.flatMap(([, { readBytes }]) => readBytes ?? []);
      assert.equal(
        bytes,
        bytes.toSorted((a, b) => a - b),
      );
      assert.is(bytes.length, moments.length - 4, 'nobody looked when systemd began');
    } finally {
      clearInterval(reading);
      api.server.closeAllConnections();
      api.server.close();
      kubeProxy.close();
      await instance.close();
    }
  });

test.after(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.run();
