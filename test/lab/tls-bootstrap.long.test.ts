// One worker that nobody made a certificate for: docs/tls-bootstrap.md, applied to a real control plane.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { vpc, workerAddresses } from '../../scripts/lab/addresses.ts';
import type { Lab } from '../../scripts/lab/lab.ts';
import { ask, type WorkerStatus } from '../../scripts/lab/protocol.ts';
import { startLab } from '../../scripts/lab/start.ts';
import { outputFolder } from '../../scripts/project/paths.ts';
import { createSteps } from '../../scripts/terminal/steps.ts';
import { readFences } from '../docs/page.ts';

const commandTimeoutMs = 60_000;
const secrets = 'k8s/k8s-cluster-from-ground-up';
const { instanceId, address } = workerAddresses(0);
const fences = await readFences('docs/tls-bootstrap.md');
const fence = (info: string): string => {
  const found = fences.find((one) => one.info === info);
  assert.ok(found, info);
  return found.text;
};

let lab: Lab;
let worker: WorkerStatus;
let folder = '';

const inLab = async (command: readonly string[], input?: string): Promise<string> => {
  const options = { timeoutMs: commandTimeoutMs, ...(input === undefined ? {} : { input }) };
  const result = await lab.exec(command, options);
  assert.is(result.exitCode, 0, `${command.join(' ')}: ${result.stderr}`);
  return result.stdout;
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

/** The boot in which the node said that it is Ready. */
const readyBoot = async (): Promise<string> => {
  const template = '{.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.bootID}';
  const said = await kubectl('get', 'node', instanceId, `--output=jsonpath=${template}`);
  const [status, bootId] = said.split(' ');
  assert.is(status, 'True');
  return bootId ?? '';
};

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-bootstrap-'));
  const { settings, image } = await newestManifest(outputFolder);
  const imageFile = path.join(outputFolder, image);
  const name = `test-${process.pid}`;
  ({ lab } = await startLab({ name, settings, imageFile, steps: createSteps() }));
  await inLab(['kubectl', 'apply', '--filename=-'], fence('yaml manifests'));
  await inLab(['sh', '-e'], fence('sh token'));
  const authority = path.join(lab.folder, 'pki/ca.pem');
  await inLab(['sh', '-e'], `cd ${folder}; cp ${authority} .\n${fence('sh kubeconfig')}`);
  const text = await readFile(path.join(folder, 'bootstrap.kubeconfig'), 'utf8');
  await ask(lab.folder, 'setSecret', {
    name: `${secrets}/bootstrap`,
    fields: { 'bootstrap.kubeconfig': text },
  });
  const userData = fences.find((one) => one.text.startsWith('pod-cidr='))?.text ?? '';
  worker = await lab.addWorker({ index: 0, imageFile, userData, hasSecret: false });
});

test.after(async () => {
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('the flags of the page are those of the control plane', async () => {
  for (const program of ['kube-apiserver', 'kube-controller-manager']) {
    const running = await inLab(['sh', '-c', `tr '\\0' '\\n' </proc/$(pidof ${program})/cmdline`]);
    for (const flag of fence(`text ${program}`).trim().split('\n')) {
      const [name, value = ''] = flag.split('=');
      const found = running.split('\n').find((one) => one.startsWith(`${name}=`));
      assert.ok(found?.endsWith(value), `${program} ${flag}: ${found}`);
    }
  }
});

test('the node is Ready under the name of its instance', async () => {
  await eventually('Ready', 300_000, readyBoot);
});

test('the controller manager approved and signed its request', async () => {
  const { items } = JSON.parse(await kubectl('get', 'csr', '--output=json')) as {
    items: {
      spec: { signerName: string; username: string };
      status: { conditions?: { type: string; reason: string }[]; certificate?: string };
    }[];
  };
  const requests = items.map(({ spec, status }) => ({
    signer: spec.signerName,
    username: spec.username,
    conditions: status.conditions?.map(({ type, reason }) => `${type} ${reason}`),
    isSigned: status.certificate !== undefined,
  }));
  assert.equal(requests, [
    {
      signer: 'kubernetes.io/kube-apiserver-client-kubelet',
      username: 'system:bootstrap:abcdef',
      conditions: ['Approved AutoApproved'],
      isSigned: true,
    },
  ]);
});

test('the token is gone, and was on no disk', async () => {
  // cloud-init lets people in only after the node is Ready, and is slow about it.
  await eventually('the token is removed', 300_000, async () => {
    const left = await onWorker('ls -A /run/groundup/bootstrap');
    assert.is(left, '');
  });
  const found = await onWorker(`stat --format='%a %U' /run/groundup/bootstrap
findmnt --noheadings --output=FSTYPE --target /run/groundup/bootstrap
stat --format='%a %U' "$(readlink -f /var/lib/kubelet/pki/kubelet-client-current.pem)"
openssl x509 -noout -subject -in /var/lib/kubelet/pki/kubelet-client-current.pem
grep --recursive --files-with-matches --fixed-strings abcdef.0123456789abcdef /etc /var || echo nowhere`);
  assert.equal(found.split('\n'), [
    '700 root',
    'tmpfs',
    '600 root',
    `subject=O=system:nodes, CN=system:node:${instanceId}`,
    'nowhere',
  ]);
});

test('kube-proxy has a certificate of its own, and Services answer', async () => {
  const script = `sed -n 's/.*client-certificate-data: //p' /var/lib/kube-proxy/kubeconfig |
base64 --decode | openssl x509 -noout -subject
curl --silent --insecure --max-time 20 https://${vpc.firstServiceAddress}/livez`;
  await eventually('a Service answers', 60_000, async () => {
    const found = await onWorker(script);
    assert.is(found, 'subject=O=system:node-proxier, CN=system:kube-proxy\nok');
  });
});

test('a reboot without the secrets is Ready again, with the same certificate', async () => {
  const certificate = 'readlink -f /var/lib/kubelet/pki/kubelet-client-current.pem';
  const before = await onWorker(certificate);
  const bootBefore = await readyBoot();
  for (const name of ['bootstrap', 'shared'])
    await ask(lab.folder, 'setSecret', { name: `${secrets}/${name}` });
  await lab.ssh(address, 'systemctl reboot', commandTimeoutMs);
  await eventually('Ready after the reboot', 300_000, async () => {
    assert.is.not(await readyBoot(), bootBefore);
  });
  await eventually('login', 120_000, async () => {
    const after = await onWorker(`${certificate}; ls -A /run/groundup/bootstrap 2>&1 || true`);
    assert.match(after, before);
    assert.not.match(after, /kubeconfig/);
  });
});

test.run();
