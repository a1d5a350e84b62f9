// The node's own credentials -> the moment when the API server calls it Ready, told on the console.
// One request watches the node: asking again and again would take time from the kubelet's start.
import { observeAfterReady, type ReadyNode } from './after-ready.ts';
import { watchWith } from './api-watch.ts';
import type { Environment } from './boot-input.ts';
import { bootstrapPath, kubeletClientPath } from './derive.ts';
import { BootFailure, excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { createKubeProxyStart, type KubeProxyStart } from './kube-proxy.ts';
import { parseKubeconfig, type Kubeconfig } from './kubeconfig.ts';
import { completeLifecycleAction, formatCompletion, readLifecycleHook } from './lifecycle-hook.ts';
import { reportFailures } from './report-failures.ts';
import type { Ending } from './state.ts';
import { openRecord, readBootId, type TimelineRecord } from './timeline-record.ts';
import { formatReady } from './timeline.ts';

const deadlineMs = 5 * 60_000;
/** A watch that ends early, or an API server that is not there yet, is tried again after this. */
const pauseMs = 1500;

const kubeconfigPath = '/var/lib/kubelet/kubeconfig';
const environmentPath = '/var/lib/kubelet/node.env';

interface Condition {
  type?: string;
  status?: string;
  message?: string;
  lastTransitionTime?: string;
}

interface WatchEvent {
  type?: string;
  object?: {
    message?: string;
    status?: { conditions?: Condition[]; nodeInfo?: { bootID?: string } };
  };
}

export interface Judgement {
  isReady: boolean;
  /** The Node is of this boot. */
  isRegistered: boolean;
  /** Its kubelet does not complain of the network. */
  hasNetwork: boolean;
  /** Why it is not Ready yet. */
  cause: string;
  /** Since when it is Ready by the kubelet's clock, since 1970; Kubernetes cuts times to seconds. */
  readySinceMs?: number;
}

/** The kubelet's words for a network plugin without configuration, and for one not asked yet. */
const networkComplaint = /network not ready|network state unknown|cni plugin not initialized/i;

/** What one line of a watch says: Ready in this boot, or why not yet. */
export const judgeEvent = (line: string, bootId: string): Judgement => {
  const notYet = (cause: string): Judgement => ({
    isReady: false,
    isRegistered: false,
    hasNetwork: false,
    cause,
  });
  let event: WatchEvent;
  try {
    event = JSON.parse(line) as WatchEvent;
  } catch {
    return notYet(`the API server answers "${excerpt(line, 80)}"`);
  }
  const status = event.object?.status;
  if (typeof status !== 'object') {
    const said = event.object?.message ?? (event as { message?: string }).message;
    return notYet(`the API server says: ${excerpt(said ?? line, 160)}`);
  }
  // After a reboot the node's object still tells of the last boot until the kubelet has spoken.
  if (status.nodeInfo?.bootID !== bootId) return notYet('the kubelet has not registered');
  const condition = status.conditions?.find(({ type }) => type === 'Ready');
  const isReady = condition?.status === 'True';
  const message = condition?.message ?? 'the node has no Ready condition';
  const hasNetwork = isReady || (condition !== undefined && !networkComplaint.test(message));
  if (!isReady) return { isReady, isRegistered: true, hasNetwork, cause: excerpt(message, 160) };
  const sinceMs = Date.parse(condition?.lastTransitionTime ?? '');
  return {
    isReady,
    isRegistered: true,
    hasNetwork,
    cause: '',
    ...(Number.isNaN(sinceMs) ? {} : { readySinceMs: sinceMs }),
  };
};

/**
 * Marks what a line of the watch tells. On a busy processor this command may come to read it long
 * after: then the end of the second that the kubelet names is nearer to the truth than now.
 */
const markJudgement = (host: Host, record: TimelineRecord, judged: Judgement): void => {
  if (!judged.isReady) {
    if (judged.isRegistered) record.mark('registered');
    if (judged.hasNetwork) record.mark('cni-ready');
    return;
  }
  const nowMs = host.uptimeMs();
  const known = record.timeline();
  const { readySinceMs = host.epochMs() } = judged;
  const sinceMs = readySinceMs + 1000 - (host.epochMs() - nowMs);
  const startedMs = known['services-started']?.uptimeMs ?? 0;
  const earliestMs = (known['cni-ready'] ?? known.registered)?.uptimeMs ?? 0;
  // A node that was Ready when it was rebooted may have kept its time.
  const readyMs = sinceMs > startedMs ? Math.max(earliestMs, Math.min(sinceMs, nowMs)) : nowMs;
  for (const event of ['registered', 'cni-ready', 'node-ready'] as const)
    record.markAt(event, readyMs);
};

const readNodeName = (host: Host): string => {
  const name = /^NODE_NAME=(.+)$/m.exec(host.readFile(environmentPath) ?? '')?.[1];
  if (name === undefined) throw new BootFailure('not-ready', `${environmentPath}: no NODE_NAME`);
  return name;
};

const watchUntilReady = (
  host: Host,
  record: TimelineRecord,
  { kubeconfig, nodeName }: ReadyNode,
  kubeProxy: KubeProxyStart,
): { isAgain: boolean } => {
  const bootId = readBootId(host);
  let isAgain = false;
  const startMs = host.uptimeMs();
  let cause = 'the API server told nothing of this node';
  let isReady = false;
  const onLine = (line: string): boolean => {
    if (line.trim() === '') return false;
    const judged = judgeEvent(line, bootId);
    ({ isReady, cause } = judged);
    if (isReady) isAgain = record.timeline()['node-ready'] !== undefined;
    markJudgement(host, record, judged);
    if (judged.isRegistered) kubeProxy.noteRegistered(judged.hasNetwork);
    return isReady;
  };
  const onPause = (): void => {
    record.look();
    kubeProxy.look();
  };
  const watch = watchWith(host, kubeconfig);
  for (;;) {
    const remainingMs = deadlineMs - (host.uptimeMs() - startMs);
    if (remainingMs <= 0) break;
    const { exitCode, stderr } = watch({
      path: '/api/v1/nodes',
      fieldSelector: `metadata.name=${nodeName}`,
      seconds: Math.round(deadlineMs / 1000),
      timeoutMs: remainingMs,
      onLine,
      onPause,
    });
    if (isReady) {
      kubeProxy.start();
      return { isAgain };
    }
    if (exitCode !== 0 && stderr !== '') cause = excerpt(stderr, 160);
    host.sleep(pauseMs * (0.5 + host.random()));
  }
  const outcome = 'the kubelet goes on trying';
  throw new BootFailure('not-ready', `after ${deadlineMs / 1000} s: ${cause}`, outcome);
};

/** With tls-bootstrap the kubelet writes it when its request was granted. */
const awaitKubeconfig = (host: Host, record: TimelineRecord): Kubeconfig => {
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
    record.look();
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

const awaitReady = (
  host: Host,
  record: TimelineRecord,
  node: ReadyNode,
  kubeProxy: KubeProxyStart,
): Ending => {
  const { isAgain } = watchUntilReady(host, record, node, kubeProxy);
  // Started again later in a boot, the line is of now, and the timeline keeps the first time.
  const now = { 'node-ready': { uptimeMs: host.uptimeMs() } };
  const message = formatReady(isAgain ? now : record.timeline());
  removeToken(host);
  const line = `groundup: ${message}`;
  host.log('info', line);
  host.console(line);
  record.write();
  tellGroup(host);
  return { outcome: 'ready', message };
};

/** cloud-init waits for it, and so may others: the wait is over, one way or the other. */
const settledPath = '/run/groundup/settled';

const settle = (host: Host): void => {
  try {
    host.remove(settledPath);
    host.createFile(settledPath, '', 0o644);
  } catch (error) {
    // groundup-ready.service makes it, too, when this command ends.
    host.log('warning', `groundup: ${settledPath}: ${(error as Error).message}`);
  }
};

/**
 * The command `ready`: waits at most five minutes, then says so in one line either way. It looks on
 * for a while after that, for the end of the timeline.
 */
export const ready = (host: Host, environment: Environment): number => {
  const record = openRecord(host);
  const kubeProxy = createKubeProxyStart(host);
  let node: ReadyNode | undefined;
  const exitCode = reportFailures(
    host,
    'NOT Ready',
    () => {
      const nodeName = readNodeName(host);
      const found = { nodeName, kubeconfig: awaitKubeconfig(host, record) };
      const ending = awaitReady(host, record, found, kubeProxy);
      node = found;
      return ending;
    },
    () => readLifecycleHook(host),
  );
  // A kubelet that goes on trying may yet bring pods.
  kubeProxy.start();
  settle(host);
  observeAfterReady(host, environment, record, node);
  return exitCode;
};
