// Named events of a boot -> one JSON line each, in the order of time, with the kernel's own clock.

interface EventRow {
  /** What has happened at that moment. */
  meaning: string;
  /** Who knows it. */
  source: string;
  /** Where systemd keeps it, in microseconds; of a unit, or of the manager itself. */
  systemd?: { unit?: string; property: string };
  /** What node-latency-for-k8s calls it. */
  nodeLatency?: string;
}

/** All events that there are, in the order of a plain boot; containerd starts beside the agent. */
const eventTable = {
  kernel: {
    meaning: 'the kernel started: its clock is 0 here',
    source: 'the kernel',
    nodeLatency: 'VM Initialized',
  },
  initrd: {
    meaning: 'the initrd’s systemd started; only in images that have an initrd',
    source: 'systemd',
    systemd: { property: 'InitRDTimestampMonotonic' },
  },
  userspace: {
    meaning: 'systemd started from the root disk',
    source: 'systemd',
    systemd: { property: 'UserspaceTimestampMonotonic' },
  },
  sysinit: {
    meaning: '`sysinit.target` was reached: mounts, devices, kernel modules',
    source: 'systemd',
    systemd: { unit: 'sysinit.target', property: 'ActiveEnterTimestampMonotonic' },
  },
  'network-online': {
    meaning: 'the instance has an IPv4 address with a route',
    source: 'agent',
    nodeLatency: 'Network Ready',
  },
  'user-data-read': { meaning: 'user-data is read, checked and understood', source: 'agent' },
  'secrets-read': {
    meaning: 'the node’s identity is there and fits together',
    source: 'agent',
  },
  'files-written': { meaning: 'every file of the node is in place', source: 'agent' },
  'services-started': { meaning: 'systemd is asked to start the kubelet', source: 'agent' },
  'containerd-ready': {
    meaning: 'containerd answers',
    source: 'systemd',
    systemd: { unit: 'containerd.service', property: 'ActiveEnterTimestampMonotonic' },
    nodeLatency: 'Containerd Initialized',
  },
  'kubelet-exec': {
    meaning: 'the kubelet’s process began',
    source: 'systemd',
    systemd: { unit: 'kubelet.service', property: 'ExecMainStartTimestampMonotonic' },
    nodeLatency: 'Kubelet Start',
  },
  registered: {
    meaning: 'the API server has a Node of this boot',
    source: 'watch of the Node',
    nodeLatency: 'Kubelet Registered',
  },
  'cni-ready': {
    meaning: 'the Node no longer says that its network is not ready',
    source: 'watch of the Node',
    nodeLatency: 'VPC CNI Plugin Initialized',
  },
  'node-ready': {
    meaning: 'the Node is Ready',
    source: 'watch of the Node',
    nodeLatency: 'Node Ready',
  },
  'kube-proxy-synced': {
    meaning: 'kube-proxy has written its rules',
    source: 'kube-proxy’s metrics',
  },
  'first-pod': {
    meaning: 'the first pod of this boot is Ready',
    source: 'watch of the node’s Pods',
    nodeLatency: 'Pod Ready',
  },
} as const satisfies Record<string, EventRow>;

export type TimelineEvent = keyof typeof eventTable;

export const timelineTable: Readonly<Record<TimelineEvent, EventRow>> = eventTable;

export const timelineEvents = Object.keys(eventTable) as TimelineEvent[];

export interface Moment {
  /** Since the kernel started. */
  uptimeMs: number;
  /** Read from all disks up to then; absent where nobody looked. */
  readBytes?: number;
}

export type Timeline = Partial<Record<TimelineEvent, Moment>>;

/** What a file of a timeline says. The boot's id stands in the line of the kernel. */
export interface TimelineFile {
  bootId: string;
  timeline: Timeline;
}

const isEvent = (text: unknown): text is TimelineEvent =>
  typeof text === 'string' && Object.hasOwn(eventTable, text);

/** Events with their moments, in the order of time. */
export const inOrder = (timeline: Timeline): [TimelineEvent, Moment][] =>
  timelineEvents
    .flatMap((event): [TimelineEvent, Moment][] => {
      const moment = timeline[event];
      return moment === undefined ? [] : [[event, moment]];
    })
    // Events of one moment stay in the table's order.
    .toSorted(([, a], [, b]) => a.uptimeMs - b.uptimeMs);

/**
 * One `{"event":…,"uptimeMs":…,"readBytes":…}` a line. Of two events of one moment, one may have been
 * read a moment later than the other: bytes never become fewer.
 */
export const formatTimeline = ({ bootId, timeline }: TimelineFile): string => {
  let mostBytes = 0;
  let text = '';
  for (const [event, { uptimeMs, readBytes }] of inOrder(timeline)) {
    mostBytes = Math.max(mostBytes, readBytes ?? 0);
    const line = {
      event,
      uptimeMs: Math.round(uptimeMs),
      ...(readBytes === undefined ? {} : { readBytes: mostBytes }),
      ...(event === 'kernel' && bootId !== '' ? { bootId } : {}),
    };
    text += `${JSON.stringify(line)}\n`;
  }
  return text;
};

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** One line of a file; undefined when it is none. */
export const parseTimelineLine = (
  line: string,
): { event: string; moment: Moment; bootId?: unknown } | undefined => {
  try {
    const { event, uptimeMs, readBytes, bootId } = JSON.parse(line) as Record<string, unknown>;
    if (typeof event !== 'string' || !isAmount(uptimeMs)) return undefined;
    return { event, moment: { uptimeMs, ...(isAmount(readBytes) ? { readBytes } : {}) }, bootId };
  } catch {
    // The empty end of the file, or a line torn by a power cut.
    return undefined;
  }
};

/** Reads what `formatTimeline` wrote; lines of another form are passed over. */
export const parseTimeline = (text: string): TimelineFile => {
  const file: TimelineFile = { bootId: '', timeline: {} };
  for (const line of text.split('\n')) {
    const parsed = parseTimelineLine(line);
    if (parsed === undefined || !isEvent(parsed.event)) continue;
    file.timeline[parsed.event] = parsed.moment;
    if (typeof parsed.bootId === 'string') file.bootId = parsed.bootId;
  }
  return file;
};

/** Both together; of an event that came twice, the first time counts. */
export const mergeTimelines = (one: Timeline, other: Timeline): Timeline => {
  const merged = { ...one };
  for (const [event, moment] of inOrder(other))
    if (moment.uptimeMs < (merged[event]?.uptimeMs ?? Infinity)) merged[event] = moment;
  return merged;
};

const seconds = (durationMs: number): string => (durationMs / 1000).toFixed(1);

/** `Ready in 24.9 s (user-data 0.4, …, network 1.1)`; a span without both ends is left out. */
export const formatReady = (timeline: Timeline): string => {
  const spans: [string, TimelineEvent, TimelineEvent][] = [
    ['user-data', 'network-online', 'user-data-read'],
    ['secrets', 'user-data-read', 'secrets-read'],
    ['kubelet', 'services-started', 'registered'],
    ['network', 'registered', 'cni-ready'],
  ];
  const parts = spans.flatMap(([name, from, to]) => {
    const [start, end] = [timeline[from], timeline[to]];
    if (start === undefined || end === undefined) return [];
    return [`${name} ${seconds(end.uptimeMs - start.uptimeMs)}`];
  });
  const detail = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `Ready in ${seconds(timeline['node-ready']?.uptimeMs ?? 0)} s${detail}`;
};
