// The node's own credentials -> the moment when the API server calls it Ready, told on the console.
// One request watches the node: asking again and again would take time from the kubelet's start.
import { formatOptions } from './curl.ts';
import { bootstrapPath, kubeletClientPath } from './derive.ts';
import { BootFailure, excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { completeLifecycleAction, formatCompletion, readLifecycleHook } from './lifecycle-hook.ts';
import { parseKubeconfig, type Kubeconfig, type PemSource } from './kubeconfig.ts';
import { reportFailures } from './report-failures.ts';
import { Secret } from './secret.ts';
import type { Ending } from './state.ts';
import {
  formatReady,
  parseTimeline,
  timelinePath,
  writeTimeline,
  type Timeline,
} from './timeline.ts';

const deadlineMs = 5 * 60_000;
/** A watch that ends early, or an API server that is not there yet, is tried again after this. */
const pauseMs = 1500;

const kubeconfigPath = '/var/lib/kubelet/kubeconfig';
const environmentPath = '/var/lib/kubelet/node.env';
/** On a file system in memory, made by groundup.service. */
const runFolder = '/run/groundup';

interface Condition {
  type?: string;
  status?: string;
  message?: string;
}

interface WatchEvent {
  type?: string;
  object?: {
    message?: string;
    status?: { conditions?: Condition[]; nodeInfo?: { bootID?: string } };
  };
}

/** What one line of a watch says: Ready in this boot, or why not yet. */
export const judgeEvent = (line: string, bootId: string): { ready: true } | { cause: string } => {
  let event: WatchEvent;
  try {
    event = JSON.parse(line) as WatchEvent;
  } catch {
    return { cause: `the API server answers "${excerpt(line, 80)}"` };
  }
  const status = event.object?.status;
  if (typeof status !== 'object') {
    const said = event.object?.message ?? (event as { message?: string }).message;
    return { cause: `the API server says: ${excerpt(said ?? line, 160)}` };
  }
  // After a reboot the node's object still tells of the last boot until the kubelet has spoken.
  if (status.nodeInfo?.bootID !== bootId) return { cause: 'the kubelet has not registered' };
  const condition = status.conditions?.find(({ type }) => type === 'Ready');
  if (condition?.status === 'True') return { ready: true };
  return { cause: excerpt(condition?.message ?? 'the node has no Ready condition', 160) };
};

/** curl reads certificates from files only: embedded ones are put into memory for a while. */
const asFile = (host: Host, name: string, source: PemSource, made: string[]): string => {
  if ('path' in source) return host.place(source.path);
  const path = `${runFolder}/${name}`;
  host.remove(path);
  host.createFile(path, source.text.reveal(), 0o600);
  made.push(path);
  return host.place(path);
};

const watchConfig = (
  host: Host,
  kubeconfig: Kubeconfig,
  nodeName: string,
  made: string[],
): Secret => {
  const { server, authority, certificate, privateKey, token } = kubeconfig;
  const file = (option: string, name: string, source?: PemSource): [string, string][] =>
    source === undefined ? [] : [[option, asFile(host, name, source, made)]];
  const seconds = Math.round(deadlineMs / 1000);
  const query = `fieldSelector=metadata.name%3D${nodeName}&watch=true&timeoutSeconds=${seconds}`;
  return new Secret(
    formatOptions([
      ['url', `${server}/api/v1/nodes?${query}`],
      ['silent'],
      ['show-error'],
      ['no-buffer'],
      ['globoff'],
      ['connect-timeout', '5'],
      ...file('cacert', 'ready-ca.pem', authority),
      ...file('cert', 'ready-client.pem', certificate),
      ...file('key', 'ready-client-key.pem', privateKey),
      ...(token === undefined
        ? []
        : [['header', `Authorization: Bearer ${token.reveal()}`] as [string, string]]),
    ]),
  );
};

const readNodeName = (host: Host): string => {
  const name = /^NODE_NAME=(.+)$/m.exec(host.readFile(environmentPath) ?? '')?.[1];
  if (name === undefined) throw new BootFailure('not-ready', `${environmentPath}: no NODE_NAME`);
  return name;
};

const watchUntilReady = (host: Host, config: Secret, bootId: string): void => {
  const startMs = host.uptimeMs();
  let cause = 'the API server was not asked yet';
  for (;;) {
    const remainingMs = deadlineMs - (host.uptimeMs() - startMs);
    if (remainingMs <= 0) break;
    let isReady = false;
    const { exitCode, stderr } = host.run('curl', ['-q', '--config', '-'], {
      stdin: config,
      timeoutMs: remainingMs,
      onLine: (line) => {
        if (line.trim() === '') return false;
        const judged = judgeEvent(line, bootId);
        if ('cause' in judged) ({ cause } = judged);
        else isReady = true;
        return isReady;
      },
    });
    if (isReady) return;
    if (exitCode !== 0 && stderr !== '') cause = excerpt(stderr, 160);
    host.sleep(pauseMs * (0.5 + host.random()));
  }
  const outcome = 'the kubelet goes on trying';
  throw new BootFailure('not-ready', `after ${deadlineMs / 1000} s: ${cause}`, outcome);
};

/** systemd's own record of when userspace began, milliseconds; absent when it does not say. */
const readUserspaceMs = (host: Host): Timeline => {
  const { stdout } = host.run('systemctl', ['show', '--property=UserspaceTimestampMonotonic'], {
    timeoutMs: 10_000,
  });
  const microseconds = /=(\d+)$/m.exec(stdout)?.[1];
  return microseconds === undefined ? {} : { userspace: Number(microseconds) / 1000 };
};

/** With tls-bootstrap the kubelet writes it when its request was granted. */
const awaitKubeconfig = (host: Host): Kubeconfig => {
  const isBootstrap = host.status(bootstrapPath) !== undefined;
  const isAwaited = () => isBootstrap && host.readFile(kubeconfigPath) === undefined;
  const startMs = host.uptimeMs();
  while (isAwaited()) {
    if (host.uptimeMs() - startMs > deadlineMs)
      throw new BootFailure(
        'not-ready',
        `after ${deadlineMs / 1000} s: the kubelet has no certificate yet (was its request approved?)`,
        'the kubelet goes on trying',
      );
    host.sleep(pauseMs * (0.5 + host.random()));
  }
  const kubeconfig = parseKubeconfig(host.readFile(kubeconfigPath) ?? '');
  if (typeof kubeconfig !== 'string') return kubeconfig;
  throw new BootFailure('not-ready', `${kubeconfigPath} ${kubeconfig}`);
};

/** The kubelet renews its certificate with the certificate itself: the token has done its work. */
const removeToken = (host: Host): void => {
  if (host.status(kubeletClientPath) !== undefined) host.remove(bootstrapPath);
};

/** A hook that is not told ends the instance when its time is up: that is worth a line on the console. */
const tellGroup = (host: Host): void => {
  const hook = readLifecycleHook(host);
  if (hook === undefined) return;
  const completion = completeLifecycleAction(host, hook, 'CONTINUE');
  const line = `groundup: ${formatCompletion('CONTINUE', completion)} (${hook.group}:${hook.hook})`;
  const isProblem = typeof completion === 'object';
  host.log(isProblem ? 'error' : 'info', line);
  if (isProblem) host.console(line);
};

const awaitReady = (host: Host): Ending => {
  const nodeName = readNodeName(host);
  const kubeconfig = awaitKubeconfig(host);
  const bootId = (host.readFile('/proc/sys/kernel/random/boot_id') ?? '').trim();
  const made: string[] = [];
  try {
    const config = watchConfig(host, kubeconfig, nodeName, made);
    watchUntilReady(host, config, bootId);
  } finally {
    for (const path of made) host.remove(path);
  }
  removeToken(host);
  const timeline = {
    ...parseTimeline(host.readFile(timelinePath) ?? ''),
    'node-ready': host.uptimeMs(),
  };
  const message = formatReady(timeline);
  const line = `groundup: ${message}`;
  host.log('info', line);
  host.console(line);
  writeTimeline(host, { ...timeline, ...readUserspaceMs(host) });
  tellGroup(host);
  return { outcome: 'ready', message };
};

/** The command `ready`: waits at most five minutes, then says so in one line either way. */
export const ready = (host: Host): number =>
  reportFailures(
    host,
    'NOT Ready',
    () => awaitReady(host),
    () => readLifecycleHook(host),
  );
