// docs/autoscaling-group.md on real nodes: warm pool, hook, wake, and the end of an instance; and
// docs/karpenter.md's example, judged by Karpenter's own definitions in a real API server.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { registryHost, workerAddresses } from '../../scripts/lab/addresses.ts';
import type { Lab } from '../../scripts/lab/lab.ts';
import { ask, type WorkerStatus } from '../../scripts/lab/protocol.ts';
import { startLab } from '../../scripts/lab/start.ts';
import { ensureGo } from '../../scripts/setup/go.ts';
import { outputFolder } from '../../scripts/project/paths.ts';
import { createSteps } from '../../scripts/terminal/steps.ts';
import { readFences } from '../docs/page.ts';

const commandTimeoutMs = 60_000;
const karpenterVersion = 'v1.14.0';
const hook = { group: 'workers', hook: 'ready' };
const userData = 'name=worker-0|pod-cidr=imds-prefix|lifecycle-hook=workers:ready';
const { address, nodeName, instanceId } = workerAddresses(0);
const echoPort = 8081;

let lab: Lab;
let worker: WorkerStatus;
let folder = '';

const inLab = async (command: readonly string[], input?: string): Promise<string> => {
  const options = { timeoutMs: commandTimeoutMs, ...(input === undefined ? {} : { input }) };
  const result = await lab.exec(command, options);
  assert.is(result.exitCode, 0, `${command.join(' ')}: ${result.stderr}`);
  return result.stdout.trim();
};
const kubectl = (...args: string[]): Promise<string> => inLab(['kubectl', ...args]);

const onWorker = async (script: string): Promise<string> => {
  const { stdout, stderr, exitCode } = await lab.ssh(address, script, commandTimeoutMs);
  assert.is(exitCode, 0, stderr);
  return stdout.trim();
};

const eventually = async <T>(what: string, timeoutMs: number, check: () => Promise<T>) => {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > endMs) {
        const tail = (await lab.consoleOf(worker)).slice(-2000);
        const text = `${what}: ${(error as Error).message}; the console ends with:\n${tail}`;
        throw new Error(text, { cause: error });
      }
    }
    await sleep(1000);
  }
};

const actions = async (): Promise<string[]> =>
  (await ask(lab.folder, 'lifecycleActions', null)).map(
    (action) => `${action.instanceId} ${action.group}:${action.hook} ${action.result}`,
  );
const told = (result: string): string => `${instanceId} workers:ready ${result}`;

const isRegistered = async (): Promise<boolean> =>
  (await kubectl('get', 'nodes', '--output=name')).includes(nodeName);

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-karpenter-'));
  const { settings, image } = await newestManifest(outputFolder);
  const imageFile = path.join(outputFolder, image);
  const name = `test-${process.pid}`;
  ({ lab } = await startLab({ name, settings, imageFile, steps: createSteps() }));
  worker = await lab.addWorker({
    index: 0,
    imageFile,
    userData,
    prefixCount: 1,
    lifecycleState: 'Warmed:Running',
    waitingHook: hook,
  });
});

test.after(async () => {
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('docs/karpenter.md is what Karpenter’s definitions take', async () => {
  const module = `github.com/aws/karpenter-provider-aws@${karpenterVersion}`;
  const go = await ensureGo(createSteps());
  const { stdout } = await execa(go, ['mod', 'download', '-json', module], {
    cwd: folder,
    timeout: 300_000,
  });
  const { Dir: source } = JSON.parse(stdout) as { Dir: string };
  const definitions = path.join(source, 'pkg/apis/crds');
  const files = (await readdir(definitions)).filter((name) =>
    /ec2nodeclasses|nodepools/.test(name),
  );
  assert.is(files.length, 2);
  for (const file of files) await kubectl('create', `--filename=${path.join(definitions, file)}`);
  const fences = await readFences('docs/karpenter.md');
  const example = fences.find(({ info }) => info === 'yaml karpenter')?.text ?? '';
  const apply = ['kubectl', 'apply', '--validate=strict', '--dry-run=server', '--filename=-'];
  await eventually('the definitions are served', 60_000, () => inLab(apply, example));
  const wrong = await lab.exec(apply, {
    timeoutMs: commandTimeoutMs,
    input: example.replace('ipPrefixCount', 'ipv4PrefixCount'),
  });
  assert.match(wrong.stderr, 'unknown field "spec.ipv4PrefixCount"');
});

test('in the warm pool everything is prepared, the hook is told, and no node registers', async () => {
  await eventually('the hook is told', 240_000, async () => {
    assert.equal(await actions(), [told('CONTINUE')]);
  });
  const state = await eventually('login', 240_000, () =>
    onWorker(`cat /run/groundup/state.json
systemctl is-active kubelet kube-proxy containerd groundup-warm
ls /var/lib/kubelet /etc/cni/net.d`),
  ).catch((error: Error) => error.message);
  assert.match(state, '"outcome":"prepared"');
  assert.match(state, 'inactive\ninactive\nactive\nactive');
  assert.match(state, '10-prefixes.conflist');
  assert.is(await isRegistered(), false);
});

test('the wake starts the kubelet, and Ready is told as CONTINUE', async () => {
  await ask(lab.folder, 'setLifecycle', {
    name: 'worker-0',
    lifecycleState: 'InService',
    waitingHook: hook,
  });
  await lab.waitReady(worker);
  await eventually('the hook is told', 60_000, async () => {
    assert.equal(await actions(), [told('CONTINUE'), told('CONTINUE')]);
  });
  const found = await onWorker('systemctl show --property=ActiveState groundup-warm');
  assert.is(found, 'ActiveState=inactive');
});

/** A pod that takes five seconds to end, and tells each step. */
const slowPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'slow' },
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 15,
    containers: [
      {
        name: 'slow',
        image: `${registryHost}/busybox:lab`,
        command: ['/busybox', 'sh', '-c'],
        args: [
          `say() { /busybox wget -q -O /dev/null http://172.31.0.10:${echoPort}/$1; }; ` +
            `trap 'say term; /busybox sleep 5; say done; exit 0' TERM; say begun; ` +
            'while true; do /busybox sleep 1; done',
        ],
      },
    ],
  },
};

test('the power button: pods end in their own time, the API server hears it, the machine is off', async () => {
  const log = path.join(folder, 'said');
  const program = `require('node:http').createServer((request, response) => {
    require('node:fs').appendFileSync(${JSON.stringify(log)}, request.url + '\\n');
    response.end();
  }).listen(${echoPort}, '0.0.0.0')`;
  const listener = lab.start([process.execPath, '--eval', program], { timeoutMs: 10 * 60_000 });
  try {
    await inLab(['kubectl', 'apply', '--filename=-'], JSON.stringify(slowPod));
    const said = async () => (await readFile(log, 'utf8')).trim().split('\n');
    await eventually('the pod runs', 120_000, async () => assert.equal(await said(), ['/begun']));
    const startedMs = performance.now();
    await ask(lab.folder, 'powerDown', { name: 'worker-0' });
    let heard = '';
    await eventually('the machine is off', 240_000, async () => {
      const template = '--output=jsonpath={.status.conditions[?(@.type=="Ready")].message}';
      heard += `${await kubectl('get', 'node', nodeName, template)}\n`;
      const [now] = await lab.workers();
      assert.is(now?.running, false);
    });
    const seconds = (performance.now() - startedMs) / 1000;
    assert.equal(await said(), ['/begun', '/term', '/done']);
    assert.match(heard, 'node is shutting down');
    // EC2 waits for minutes; without hardware acceleration this one takes longer than any there.
    assert.ok(seconds < 120, `${seconds} s`);
    console.log(`off after ${seconds.toFixed(0)} s`);
  } finally {
    listener.kill('SIGKILL');
  }
});

test('a boot that is refused is told as ABANDON', async () => {
  await ask(lab.folder, 'stopWorker', { name: 'worker-0' });
  const { image } = await newestManifest(outputFolder);
  worker = await lab.addWorker({
    index: 0,
    imageFile: path.join(outputFolder, image),
    userData,
    lifecycleState: 'InService',
    waitingHook: hook,
  });
  await eventually('the hook is told', 240_000, async () => {
    assert.is((await actions()).at(-1), told('ABANDON'));
  });
  await eventually('the console says so', 30_000, async () => {
    assert.match(
      await lab.consoleOf(worker),
      /groundup: NOT configured: error\[no-prefixes\].*; nothing was written; ABANDON sent/,
    );
  });
});

test.run();
