// Named moments of a boot -> /var/lib/groundup/timeline.jsonl, one JSON object a line.
import type { Host } from './host.ts';

export const timelineFile = '/var/lib/groundup/timeline.jsonl';

/** Events in the order of a boot; milliseconds since the kernel started. */
export const eventNames = [
  'userspace',
  'network-online',
  'agent-started',
  'user-data-read',
  'secrets-read',
  'files-written',
  'services-started',
  'containerd-ready',
  'kubelet-started',
  'node-ready',
] as const;

export type EventName = (typeof eventNames)[number];

export interface TimelineEvent {
  event: EventName;
  uptimeMs: number;
}

export class Timeline {
  readonly events: TimelineEvent[] = [];

  add(event: EventName, uptimeMs: number): void {
    this.events.push({ event, uptimeMs: Math.round(uptimeMs) });
  }

  /** Seconds between two events with one decimal, or undefined when one is missing. */
  between(from: EventName, to: EventName): string | undefined {
    const at = (name: EventName) => this.events.find(({ event }) => event === name)?.uptimeMs;
    const [start, end] = [at(from), at(to)];
    return start === undefined || end === undefined ? undefined : ((end - start) / 1000).toFixed(1);
  }
}

const isEvent = (value: unknown): value is TimelineEvent =>
  typeof value === 'object' &&
  value !== null &&
  (eventNames as readonly unknown[]).includes((value as TimelineEvent).event) &&
  typeof (value as TimelineEvent).uptimeMs === 'number';

/** The events of a timeline file; a line that is none is left out. */
export const parseTimeline = (text: string): TimelineEvent[] =>
  text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isEvent(value) ? [value] : [];
    } catch {
      return [];
    }
  });

/** Replaces the file by this boot's events; a timeline that cannot be written stops nothing. */
export const writeTimeline = (host: Host, timeline: Timeline): void => {
  const lines = timeline.events
    .toSorted((a, b) => a.uptimeMs - b.uptimeMs)
    .map((event) => `${JSON.stringify(event)}\n`);
  try {
    host.makeFolder('/var/lib/groundup', 0o755);
    host.remove(`${timelineFile}.new`);
    host.writeNew(`${timelineFile}.new`, lines.join(''), 0o644);
    host.rename(`${timelineFile}.new`, timelineFile);
  } catch (error) {
    host.log('warning', `timeline not written: ${(error as Error).message}`);
  }
};
