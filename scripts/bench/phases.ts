// Timelines of two images -> the phases that both have, and which of them grew.
import type { TimelineEvent } from '../../cloud-init/timeline.ts';
import { median } from './figures.ts';
import type { TimelineEntry } from './node-report.ts';

type PhaseEvent = TimelineEvent | 'power-on';

/** Each of these waits for the one before it. */
const mainLine: readonly PhaseEvent[] = [
  'power-on',
  'kernel',
  'userspace',
  'network-online',
  'user-data-read',
  'secrets-read',
  'files-written',
  'kubelet-exec',
  'registered',
  'node-ready',
];

/** What goes on beside it: an event, and the one that its phase begins with. */
const sideLines: readonly (readonly [from: PhaseEvent, to: PhaseEvent])[] = [
  ['userspace', 'sysinit'],
  ['userspace', 'containerd-ready'],
  ['registered', 'cni-ready'],
  ['node-ready', 'kube-proxy-synced'],
  ['node-ready', 'first-pod'],
];

export interface Phase {
  from: string;
  to: string;
  seconds: number;
  /** Absent where the timeline does not count bytes. */
  readMib?: number;
}

/** Event by event the median of several boots; an event counts where it came. */
export const medianTimeline = (timelines: readonly TimelineEntry[][]): TimelineEntry[] => {
  const all = timelines.flat();
  return [...new Set(all.map(({ event }) => event))]
    .map((event): TimelineEntry => {
      const found = all.filter((entry) => entry.event === event);
      const bytes = found.flatMap(({ readBytes }) => (readBytes === undefined ? [] : [readBytes]));
      const uptimeMs = median(found.map((entry) => entry.uptimeMs));
      return { event, uptimeMs, ...(bytes.length === 0 ? {} : { readBytes: median(bytes) }) };
    })
    .toSorted((a, b) => a.uptimeMs - b.uptimeMs);
};

/** Phases between events of `shared`; one that an image lacks is part of the next. */
export const phasesOf = (
  timeline: readonly TimelineEntry[],
  shared: ReadonlySet<string> = new Set(timeline.map(({ event }) => event)),
): Phase[] => {
  const main = mainLine.filter((event) => shared.has(event));
  const spans = [
    ...main.slice(1).map((to, index) => [main[index] ?? to, to] as const),
    ...sideLines.filter(([from, to]) => shared.has(from) && shared.has(to)),
  ];
  const at = new Map(timeline.map((entry) => [entry.event, entry]));
  return spans.flatMap(([from, to]): Phase[] => {
    const [start, end] = [at.get(from), at.get(to)];
    if (start === undefined || end === undefined) return [];
    const seconds = Math.max(0, end.uptimeMs - start.uptimeMs) / 1000;
    const hasBytes = start.readBytes !== undefined && end.readBytes !== undefined;
    if (!hasBytes) return [{ from, to, seconds }];
    const bytes = (end.readBytes ?? 0) - (start.readBytes ?? 0);
    return [{ from, to, seconds, readMib: Math.max(0, bytes) / 1024 ** 2 }];
  });
};

export interface Growth {
  phase: Phase;
  /** How many times as long, with the machine's speed taken out. */
  ratio: number;
  moreSeconds: number;
  moreMib: number;
}

/** Less than this is noise. */
const grewRatio = 1.25;
const grewSeconds = 0.5;
const grewMib = 1;

/**
 * Phases that grew from `recorded` to `candidate`, the one with most seconds first. `pace` is how much
 * slower the candidate's machine was: seconds are compared after division by it.
 */
export const grownPhases = (
  candidate: readonly TimelineEntry[],
  recorded: readonly TimelineEntry[],
  pace: number,
): Growth[] => {
  const before = new Set(recorded.map(({ event }) => event));
  const shared = new Set(candidate.map(({ event }) => event).filter((event) => before.has(event)));
  const old = phasesOf(recorded, shared);
  return phasesOf(candidate, shared)
    .map((phase, index): Growth => {
      const was = old[index] ?? phase;
      const seconds = phase.seconds / pace;
      const moreMib = (phase.readMib ?? 0) - (was.readMib ?? phase.readMib ?? 0);
      const ratio = seconds / Math.max(was.seconds, 0.01);
      return { phase, ratio, moreSeconds: seconds - was.seconds, moreMib };
    })
    .filter(
      ({ ratio, moreSeconds, moreMib }) =>
        (ratio > grewRatio && moreSeconds > grewSeconds) || moreMib > grewMib,
    )
    .toSorted((a, b) => b.moreSeconds - a.moreSeconds);
};

/** `userspace → network-online` */
export const phaseName = ({ from, to }: Phase): string => `${from} → ${to}`;

/** `1.8 times as long, 6.2 MiB more` */
export const formatGrowth = ({ ratio, moreMib }: Growth): string =>
  [
    `${ratio.toFixed(1)} times as long`,
    ...(Math.abs(moreMib) < 0.05
      ? []
      : [`${Math.abs(moreMib).toFixed(1)} MiB ${moreMib > 0 ? 'more' : 'less'}`]),
  ].join(', ');
