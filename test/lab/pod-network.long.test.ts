// The pod networks of docs/pod-network.md on real nodes: prefixes of the interface, the controller
// manager's range, and somebody else's network.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAddress, rangeOf } from '../../cloud-init/cidr.ts';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { registryHost, vpc, workerAddresses } from '../../scripts/lab/addresses.ts';
import type { Lab } from '../../scripts/lab/lab.ts';
import { bootWorkers, startLab } from '../../scripts/lab/start.ts';
import { ask, type WorkerStatus } from '../../scripts/lab/protocol.ts';
import { outputFolder } from '../../scripts/project/paths.ts';
import { createSteps } from '../../scripts/terminal/steps.ts';
import { readFences } from '../docs/page.ts';
import { podName, proofObjects, serverPort, serviceAddresses } from './pods.ts';

const commandTimeoutMs = 60_000;
const prefixCount = 2;
/** Outside the VPC: nobody there has a route to a pod. */
const outside = '10.99.0.1';
const echoPort = 8081;

let lab: Lab;
let imageFile = '';
let workers: WorkerStatus[] = [];

const inLab = async (command: readonly string[], input?: string): Promise<string> => {
  const options = { timeoutMs: commandTimeoutMs, ...(input === undefined ? {} : { input }) };
  const result = await lab.exec(command, options);
  assert.is(result.exitCode, 0, `${command.join(' ')}: ${result.stderr}`);
  return result.stdout.trim();
};
const kubectl = (...args: string[]): Promise<string> => inLab(['kubectl', ...args]);
const apply = (objects: string): Promise<string> =>
  inLab(['kubectl', 'apply', '--filename=-'], objects);
const inPod = (name: string, ...command: string[]): Promise<string> =>
  kubectl('exec', name, '--', '/busybox', ...command);
const fetchIn = (name: string, url: string): Promise<string> =>
  inPod(name, 'wget', '-q', '-O', '-', url);
const addressOf = (name: string): Promise<string> =>
  kubectl('get', 'pod', name, '--output=jsonpath={.status.podIP}');

const eventually = async <T>(what: string, timeoutMs: number, check: () => Promise<T>) => {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > endMs)
        throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
    }
    await sleep(1000);
  }
};

const addressesIn = (ranges: readonly string[]): string[] =>
  ranges
    .map(rangeOf)
    .flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, index) => formatAddress(first + index)),
    );

/** A pod that does nothing but have an address. */
const idlePod = (name: string, nodeName: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'idle' } },
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'idle',
        image: `${registryHost}/busybox:lab`,
        command: ['/busybox', 'sleep', '9999'],
      },
    ],
  },
});

/** Tells each caller the address that he comes from, inside the VPC and outside. */
const serveEcho = async (): Promise<() => void> => {
  await inLab(['ip', 'address', 'add', `${outside}/32`, 'dev', 'lo']);
  const program = `require('node:http').createServer((request, response) =>
    response.end(request.socket.remoteAddress)).listen(${echoPort}, '0.0.0.0')`;
  const child = lab.start([process.execPath, '--eval', program], { timeoutMs: 60 * 60_000 });
  return () => void child.kill('SIGKILL');
};

let stopEcho = (): void => undefined;

test.before(async () => {
  const { settings, image } = await newestManifest(outputFolder);
  imageFile = path.join(outputFolder, image);
  const steps = createSteps();
  ({ lab } = await startLab({ name: `test-${process.pid}`, settings, imageFile, steps }));
  stopEcho = await serveEcho();
  const requests = [0, 1].map((index) => ({ index, imageFile, prefixCount, memoryMib: 2048 }));
  workers = await bootWorkers(lab, requests, steps);
});

test.after(async () => {
  stopEcho();
  await lab?.stop();
});

test('the flags of the page are those of the control plane', async () => {
  const fences = await readFences('docs/pod-network.md');
  const flags = fences.find(({ info }) => info === 'text kube-controller-manager')?.text ?? '';
  const running = await inLab([
    'sh',
    '-c',
    "tr '\\0' '\\n' </proc/$(pidof kube-controller-manager)/cmdline",
  ]);
  for (const flag of flags.trim().split('\n')) assert.ok(running.split('\n').includes(flag), flag);
});

test('two prefixes have room for 32 pods', async () => {
  for (const { nodeName } of workers) {
    const pods = await kubectl(
      'get',
      'node',
      nodeName,
      '--output=jsonpath={.status.capacity.pods}',
    );
    assert.is(pods, '32');
  }
});

test('32 pods have all 32 addresses of two prefixes', async () => {
  const [first] = workers as [WorkerStatus];
  await apply(proofObjects(workers));
  const idle = Array.from({ length: 31 }, (_, index) => idlePod(`idle-${index}`, first.nodeName));
  await apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: idle }));
  // Half a minute each where two machines share two processors without acceleration.
  await eventually('32 pods run', 1_200_000, async () => {
    const { items } = JSON.parse(await kubectl('get', 'pods', '--output=json')) as {
      items: { spec: { nodeName: string }; status: { phase: string; podIP?: string } }[];
    };
    const here = items.filter(({ spec }) => spec.nodeName === first.nodeName);
    const addresses = here.flatMap(({ status }) =>
      status.phase === 'Running' && status.podIP !== undefined ? [status.podIP] : [],
    );
    const expected = addressesIn(workerAddresses(0).prefixes.slice(0, prefixCount));
    assert.equal(addresses.toSorted(), expected.toSorted());
  });
});

test('pods of two nodes reach each other', async () => {
  for (const [from, to] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const address = await addressOf(podName(to));
    assert.match(
      await inPod(podName(from), 'ping', '-c', '3', '-W', '5', address),
      / 0% packet loss/,
    );
    assert.is(await fetchIn(podName(from), `http://${address}:${serverPort}/`), podName(to));
  }
});

test('pods of one node reach each other, and a Service, and themselves through one', async () => {
  const server = await addressOf(podName(0));
  assert.is(await fetchIn('idle-30', `http://${server}:${serverPort}/`), podName(0));
  assert.match(await fetchIn('idle-30', `http://${serviceAddresses.servers}/`), /^server-[01]$/);
  assert.is(await fetchIn(podName(0), `http://${serviceAddresses['server-0']}/`), podName(0));
});

test('inside the VPC a pod shows its own address, outside its node’s', async () => {
  const [first] = workers as [WorkerStatus];
  const seenFrom = (address: string) => fetchIn('idle-0', `http://${address}:${echoPort}/`);
  assert.is(await seenFrom(vpc.apiServer), await addressOf('idle-0'));
  assert.is(await seenFrom(outside), first.address);
});

test('an address that no pod has is refused at once', async () => {
  const free = addressesIn(workerAddresses(1).prefixes.slice(0, prefixCount)).at(-1) ?? '';
  const startedMs = performance.now();
  const result = await lab.kubectl(
    ['exec', 'idle-0', '--', '/busybox', 'wget', '-O', '-', `http://${free}/`],
    { timeoutMs: commandTimeoutMs },
  );
  assert.match(result.stderr, /No route to host|Host is unreachable/, result.stderr);
  assert.ok(performance.now() - startedMs < 20_000);
});

test('pods have the MTU of the network', async () => {
  assert.is(await inPod('idle-0', 'cat', '/sys/class/net/eth0/mtu'), String(vpc.mtuBytes));
});

test('pod-cidr=node: pods have addresses of what the controller manager gave', async () => {
  await ask(lab.folder, 'stopWorker', { name: 'worker-1' });
  const request = { index: 2, imageFile, userData: 'name=worker-2|pod-cidr=node' };
  const [worker] = (await bootWorkers(lab, [request], createSteps())) as [WorkerStatus];
  const podCidr = await kubectl(
    'get',
    'node',
    worker.nodeName,
    '--output=jsonpath={.spec.podCIDR}',
  );
  // What AWS's cloud controller manager, or a person, does in the VPC's route table.
  await inLab(['ip', 'route', 'replace', podCidr, 'via', worker.address]);
  await apply(JSON.stringify(idlePod('on-node-range', worker.nodeName)));
  await eventually('the pod runs', 300_000, async () => {
    assert.ok(addressesIn([podCidr]).includes(await addressOf('on-node-range')));
  });
  const server = await addressOf(podName(0));
  await eventually('the server answers', 60_000, async () => {
    assert.is(await fetchIn('on-node-range', `http://${server}:${serverPort}/`), podName(0));
  });
  assert.is(await inPod('on-node-range', 'cat', '/sys/class/net/eth0/mtu'), String(vpc.mtuBytes));
});

test('pod-cidr=none: the node waits for somebody’s network, and is Ready with it', async () => {
  // The pods of the first one take a processor, which cloud-init needs to let us in.
  for (const name of ['worker-0', 'worker-2']) await ask(lab.folder, 'stopWorker', { name });
  const request = { index: 3, imageFile, userData: 'name=worker-3|pod-cidr=none' };
  const worker = await lab.addWorker(request);
  const condition = '--output=jsonpath={.status.conditions[?(@.type=="Ready")].message}';
  await eventually('the node says what it waits for', 240_000, async () => {
    const message = await kubectl('get', 'node', worker.nodeName, condition);
    assert.match(message, 'cni plugin not initialized');
  });
  const conflist = {
    cniVersion: '1.0.0',
    name: 'somebodys',
    plugins: [
      {
        type: 'bridge',
        bridge: 'somebodys0',
        ipam: { type: 'host-local', subnet: '10.77.0.0/24' },
      },
    ],
  };
  await eventually('somebody installs a network', 480_000, async () => {
    const script = `cat >/etc/cni/net.d/10-somebodys.conflist <<'END'\n${JSON.stringify(conflist)}\nEND\n`;
    const { exitCode, stderr } = await lab.ssh(worker.address, script, commandTimeoutMs);
    assert.is(exitCode, 0, stderr);
  });
  await lab.waitReady(worker);
});

test.run();
