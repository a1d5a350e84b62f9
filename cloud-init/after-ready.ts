// What only comes after Ready -> the end of the timeline. Nothing waits for it, and it is not for ever.
import { watchWith, type Watch } from './api-watch.ts';
import type { Environment } from './boot-input.ts';
import { formatOptions } from './curl.ts';
import { excerpt } from './failure.ts';
import type { Host, RunResult } from './hosts/host.ts';
import type { Kubeconfig } from './kubeconfig.ts';
import { recordSystemd } from './systemd-moments.ts';
import type { TimelineRecord } from './timeline-record.ts';

/** A node that gets no pod in this time has no first pod in its timeline. */
const deadlineMs = 5 * 60_000;
/** Between two questions to kube-proxy: twice as long each time, as each is a process. It tells when it was. */
const askPauseMsMin = 2000;
const askPauseMsMax = 16_000;
/** After a watch that ended early. */
const watchPauseMs = 5000;
/** Minutes of looking often would be seconds of a processor. */
const lookPauseMs = 1000;

/** kube-proxy's default; only the node itself can ask. */
const metricsUrl = 'http://127.0.0.1:10249/metrics';
/** Absent until rules have been written. https://kubernetes.io/docs/reference/instrumentation/metrics/ */
const syncedMetric =
  /^kubeproxy_sync_proxy_rules_last_timestamp_seconds\{ip_family="IPv[46]"\} (\d[\d.e+]*)$/;

export interface ReadyNode {
  nodeName: string;
  kubeconfig: Kubeconfig;
}

/** What a line of kube-proxy's metrics says of its last synchronisation, seconds since 1970. */
export const parseSyncedSeconds = (line: string): number | undefined => {
  const seconds = Number(syncedMetric.exec(line)?.[1]);
  return seconds > 0 ? seconds : undefined;
};

/**
 * Marks the moment that the metric names. It is of the last time: of two address families, the one
 * whose Services change less tells the first time better. The clock on the wall may have been set
 * since: then it is the moment when it was seen.
 */
const askKubeProxy = (host: Host, record: TimelineRecord, url: string): void => {
  const config = formatOptions([['url', url], ['silent'], ['noproxy', '*'], ['max-time', '10']]);
  const found: number[] = [];
  host.run('curl', ['-q', '--config', '-'], {
    stdin: config,
    timeoutMs: 12_000,
    // Both families stand one below the other: what follows is of no interest.
    onLine: (line) => {
      const seconds = parseSyncedSeconds(line);
      if (seconds !== undefined) found.push(seconds);
      return seconds === undefined && found.length > 0;
    },
  });
  if (found.length === 0) return;
  const nowMs = host.uptimeMs();
  const syncedMs = nowMs - (host.epochMs() - Math.min(...found) * 1000);
  const startedMs = record.timeline()['services-started']?.uptimeMs ?? 0;
  record.markAt('kube-proxy-synced', syncedMs > startedMs && syncedMs < nowMs ? syncedMs : nowMs);
};

interface PodEvent {
  object?: {
    status?: {
      conditions?: { type?: string; status?: string }[];
      containerStatuses?: { state?: { running?: { startedAt?: string } } }[];
    };
  };
}

/** True for a pod that is Ready with a container of this boot: after a reboot others are told first. */
export const isPodOfBoot = (line: string, bootEpochMs: number): boolean => {
  try {
    const { conditions, containerStatuses } = (JSON.parse(line) as PodEvent).object?.status ?? {};
    // Kubernetes cuts times to seconds.
    const isOfBoot = (startedAt = '') => Date.parse(startedAt) > bootEpochMs - 1000;
    return (
      conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true &&
      containerStatuses?.some(({ state }) => isOfBoot(state?.running?.startedAt)) === true
    );
  } catch {
    return false;
  }
};

/** kube-proxy is asked while the watch for pods says nothing. */
const observe = (
  host: Host,
  record: TimelineRecord,
  { nodeName }: ReadyNode,
  { watch, kubeProxyUrl }: { watch: (request: Watch) => RunResult; kubeProxyUrl: string },
): void => {
  const endMs = host.uptimeMs() + deadlineMs;
  const isKnown = (event: 'kube-proxy-synced' | 'first-pod') =>
    record.timeline()[event] !== undefined;
  let [isSynced, hasPod] = [isKnown('kube-proxy-synced'), isKnown('first-pod')];
  let askedMs = -Infinity;
  let askPauseMs = askPauseMsMin;
  const look = (): void => {
    if (isSynced) return;
    record.look();
    if (host.uptimeMs() - askedMs < askPauseMs) return;
    if (askedMs > 0) askPauseMs = Math.min(askPauseMsMax, askPauseMs * 2);
    askKubeProxy(host, record, kubeProxyUrl);
    askedMs = host.uptimeMs();
    isSynced = isKnown('kube-proxy-synced');
  };
  const onLine = (line: string): boolean => {
    hasPod = isPodOfBoot(line, host.epochMs() - host.uptimeMs());
    if (hasPod) record.mark('first-pod');
    return hasPod;
  };
  for (;;) {
    const remainingMs = endMs - host.uptimeMs();
    if (remainingMs <= 0 || (isSynced && hasPod)) return;
    if (!hasPod)
      watch({
        path: '/api/v1/pods',
        fieldSelector: `spec.nodeName=${nodeName}`,
        seconds: Math.ceil(remainingMs / 1000),
        timeoutMs: remainingMs,
        onLine,
        onPause: look,
        pauseMsMax: lookPauseMs,
      });
    look();
    if (!isSynced || !hasPod) host.sleep(hasPod ? askPauseMs : watchPauseMs);
  }
};

/** Collects what systemd knows and, on a node that is Ready, waits for kube-proxy and a first pod. */
export const observeAfterReady = (
  host: Host,
  { kubeProxyUrl = metricsUrl }: Environment,
  record: TimelineRecord,
  node: ReadyNode | undefined,
): void => {
  try {
    // First, since its metric forgets.
    if (node !== undefined) askKubeProxy(host, record, kubeProxyUrl);
    recordSystemd(host, record);
    record.write();
    if (node === undefined) return;
    observe(host, record, node, { watch: watchWith(host, node.kubeconfig), kubeProxyUrl });
  } catch (error) {
    host.log('warning', `groundup: timeline: ${excerpt(String(error))}`);
  }
  record.write();
};
