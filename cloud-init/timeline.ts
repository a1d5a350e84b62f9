// Named events of a boot -> one JSON line each, in the order of time, with the kernel's own clock.
import type { Host } from './hosts/host.ts';

/** All events that there are, in the order in which they come. */
export const timelineEvents = [
  'userspace',
  'network-online',
  'user-data-read',
  'secrets-read',
  'files-written',
  'services-started',
  'node-ready',
] as const;

export type TimelineEvent = (typeof timelineEvents)[number];

/** Event -> milliseconds since the kernel started. */
export type Timeline = Partial<Record<TimelineEvent, number>>;

export const timelinePath = '/var/lib/groundup/timeline.jsonl';

/** One `{"event":…,"uptimeMs":…}` a line. */
export const formatTimeline = (timeline: Timeline): string =>
  timelineEvents
    .flatMap((event) => {
      const uptimeMs = timeline[event];
      return uptimeMs === undefined ? [] : [{ event, uptimeMs: Math.round(uptimeMs) }];
    })
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

const isEvent = (text: unknown): text is TimelineEvent =>
  timelineEvents.includes(text as TimelineEvent);

/** Reads what `formatTimeline` wrote; lines of another form are passed over. */
export const parseTimeline = (text: string): Timeline => {
  const timeline: Timeline = {};
  for (const line of text.split('\n')) {
    try {
      const { event, uptimeMs } = JSON.parse(line) as Record<string, unknown>;
      if (isEvent(event) && typeof uptimeMs === 'number') timeline[event] = uptimeMs;
    } catch {
      // The empty end of the file, or a line torn by a power cut.
    }
  }
  return timeline;
};

const seconds = (durationMs: number): string => (durationMs / 1000).toFixed(1);

/** `Ready in 24.9 s (user-data 0.4, secrets 0.6, kubelet 8.3)`; a span without both ends is left out. */
export const formatReady = (timeline: Timeline): string => {
  const spans: [string, TimelineEvent, TimelineEvent][] = [
    ['user-data', 'network-online', 'user-data-read'],
    ['secrets', 'user-data-read', 'secrets-read'],
    ['kubelet', 'services-started', 'node-ready'],
  ];
  const parts = spans.flatMap(([name, from, to]) => {
    const [start, end] = [timeline[from], timeline[to]];
    return start === undefined || end === undefined ? [] : [`${name} ${seconds(end - start)}`];
  });
  const detail = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `Ready in ${seconds(timeline['node-ready'] ?? 0)} s${detail}`;
};

/** Writes the timeline of this boot. It is for people: that it cannot be written is only logged. */
export const writeTimeline = (host: Host, timeline: Timeline): void => {
  const temporary = `${timelinePath}.new`;
  try {
    host.remove(temporary);
    host.createFile(temporary, formatTimeline(timeline), 0o644);
    host.rename(temporary, timelinePath);
  } catch (error) {
    host.log('warning', `groundup: ${timelinePath}: ${(error as Error).message}`);
  }
};
