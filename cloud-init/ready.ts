// A started kubelet -> the one line that says how long it took to become Ready, and the timeline.
// Nothing waits for this; it asks the API server with the kubelet's own credentials.
import { parse } from 'yaml';
import { sendRequests } from './curl.ts';
import type { Host } from './host.ts';
import { parseTimeline, Timeline, timelineFile, writeTimeline } from './timeline.ts';

const deadlineMs = 5 * 60_000;
const firstDelayMs = 3000;
const delayMs = 1500;

interface ApiAccess {
  url: string;
  options: Record<string, string>;
}

/** Where and as whom the kubelet talks, from the files it reads itself. */
const readAccess = (host: Host): ApiAccess => {
  const read = (path: string): string => {
    const text = host.readFile(path);
    if (text === undefined) throw new Error(`${path} is missing`);
    return text;
  };
  const kubelet = parse(read('/var/lib/kubelet/kubelet-config.yaml')) as Record<string, string>;
  const kubeconfig = parse(read('/var/lib/kubelet/kubeconfig')) as {
    clusters?: { cluster?: { server?: string } }[];
  };
  const server = kubeconfig.clusters?.[0]?.cluster?.server ?? '';
  const nodeName = /^NODE_NAME=(.+)$/m.exec(read('/var/lib/kubelet/node.env'))?.[1] ?? '';
  return {
    url: `${server}/api/v1/nodes/${nodeName}`,
    options: {
      cacert: '/var/lib/kubernetes/ca.pem',
      cert: kubelet['tlsCertFile'] ?? '',
      key: kubelet['tlsPrivateKeyFile'] ?? '',
    },
  };
};

interface NodeObject {
  status?: { conditions?: { type?: string; status?: string; message?: string }[] };
}

/** Undefined when Ready; otherwise what is known of the reason. */
const whyNotReady = (host: Host, access: ApiAccess): string | undefined => {
  const sent = sendRequests(host, [{ url: access.url, options: access.options }], 5000);
  if ('error' in sent) return sent.error;
  const { status, body } = sent.responses[0] ?? { status: 0, body: '' };
  if (status !== 200) return `the API server answered ${status}`;
  const node = JSON.parse(body) as NodeObject;
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return undefined;
  return ready?.message ?? 'the kubelet has not reported yet';
};

// Moments that systemd recorded: our event, the unit, the property (microseconds).
const recorded = [
  ['network-online', 'systemd-networkd-wait-online.service', 'ActiveEnterTimestampMonotonic'],
  ['containerd-ready', 'containerd.service', 'ActiveEnterTimestampMonotonic'],
  ['kubelet-started', 'kubelet.service', 'ExecMainStartTimestampMonotonic'],
] as const;

const addRecorded = (host: Host, timeline: Timeline): void => {
  for (const [event, unit, property] of recorded) {
    const { stdout } = host.run({
      file: 'systemctl',
      args: ['show', '--value', `--property=${property}`, unit],
      timeoutMs: 10_000,
    });
    const uptimeUs = Number(stdout.trim());
    if (uptimeUs > 0) timeline.add(event, uptimeUs / 1000);
  }
};

const readyLine = (timeline: Timeline, uptimeMs: number): string => {
  const parts = [
    ['user-data', timeline.between('agent-started', 'user-data-read')],
    ['secrets', timeline.between('user-data-read', 'secrets-read')],
    ['files', timeline.between('secrets-read', 'files-written')],
    ['kubelet', timeline.between('services-started', 'node-ready')],
  ].flatMap(([name, seconds]) => (seconds === undefined ? [] : [`${name} ${seconds}`]));
  return `groundup: Ready in ${(uptimeMs / 1000).toFixed(1)} s (${parts.join(', ')})`;
};

/** `agent.mjs ready`; returns 0 when Ready, 1 after the deadline. */
export const runReady = (host: Host): number => {
  const endMs = host.uptimeMs() + deadlineMs;
  const access = readAccess(host);
  host.sleepMs(firstDelayMs);
  let reason = whyNotReady(host, access);
  while (reason !== undefined && host.uptimeMs() + delayMs < endMs) {
    host.sleepMs(delayMs);
    reason = whyNotReady(host, access);
  }
  if (reason !== undefined) {
    const line = `groundup: NOT Ready after ${deadlineMs / 1000} s: ${reason}`;
    host.log('error', line);
    host.console(line);
    return 1;
  }
  const timeline = new Timeline();
  timeline.events.push(...parseTimeline(host.readFile(timelineFile) ?? ''));
  timeline.add('node-ready', host.uptimeMs());
  addRecorded(host, timeline);
  writeTimeline(host, timeline);
  const line = readyLine(timeline, host.uptimeMs());
  host.log('info', line);
  host.console(line);
  return 0;
};
