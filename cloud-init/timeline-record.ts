// Marks of the agent's commands -> the file of this boot; files of the last few boots beside it.
import { openDiskReads } from './disk-reads.ts';
import type { Host } from './hosts/host.ts';
import {
  formatTimeline,
  mergeTimelines,
  parseTimeline,
  type Timeline,
  type TimelineEvent,
} from './timeline.ts';

const folder = '/var/lib/groundup';
export const timelinePath = `${folder}/timeline.jsonl`;
/** The last boots before this one; `timeline-1.jsonl` is the latest of them. */
const keptBoots = 4;
const pathOf = (age: number): string =>
  age === 0 ? timelinePath : `${folder}/timeline-${age}.jsonl`;

/** Of this boot and the kept ones. */
export const timelinePaths: readonly string[] = Array.from({ length: keptBoots + 1 }, (_, age) =>
  pathOf(age),
);

const bootIdPath = '/proc/sys/kernel/random/boot_id';

export const readBootId = (host: Pick<Host, 'readFile'>): string =>
  (host.readFile(bootIdPath) ?? '').trim();

export interface TimelineRecord {
  /** What this boot's commands know up to now. */
  timeline: () => Timeline;
  /** An event happens now. An event that came before keeps its moment. */
  mark: (event: TimelineEvent) => void;
  /** An event happened then. */
  markAt: (event: TimelineEvent, uptimeMs: number) => void;
  /** For loops that wait: bytes of events that are known later are looked up in what this saw. */
  look: () => void;
  /** It is for people: that it cannot be written is only logged. */
  write: () => void;
}

/** Moves each file to the next age; the oldest is gone. */
const keepOlder = (host: Host): void => {
  for (let age = keptBoots; age > 0; age -= 1)
    if (host.status(pathOf(age - 1)) !== undefined) host.rename(pathOf(age - 1), pathOf(age));
};

const replace = (host: Host, content: string): void => {
  const temporary = `${timelinePath}.new`;
  host.remove(temporary);
  try {
    host.createFile(temporary, content, 0o644);
    host.rename(temporary, timelinePath);
  } catch (error) {
    host.remove(temporary);
    throw error;
  }
};

/** Goes on with what other commands of this boot have written. */
export const openRecord = (host: Host): TimelineRecord => {
  const bootId = readBootId(host);
  const reads = openDiskReads(host);
  const isCounted = reads.sample() !== undefined;
  const own: Timeline = { kernel: { uptimeMs: 0, ...(isCounted ? { readBytes: 0 } : {}) } };
  const timeline = (): Timeline => {
    const found = parseTimeline(host.readFile(timelinePath) ?? '');
    return found.bootId === bootId ? mergeTimelines(found.timeline, own) : own;
  };
  const put = (event: TimelineEvent, uptimeMs: number, readBytes: number | undefined): void => {
    own[event] ??= { uptimeMs, ...(readBytes === undefined ? {} : { readBytes }) };
  };
  return {
    timeline,
    mark: (event) => put(event, host.uptimeMs(), reads.sample()),
    markAt: (event, uptimeMs) => {
      // It may have been a moment ago, after the last look.
      reads.sample();
      put(event, uptimeMs, reads.at(uptimeMs));
    },
    look: reads.sampleSometimes,
    write: () => {
      try {
        if (host.status(folder) === undefined) host.makeFolder(folder, 0o755);
        const content = formatTimeline({ bootId, timeline: timeline() });
        const last = host.readFile(timelinePath);
        if (last !== undefined && parseTimeline(last).bootId !== bootId) keepOlder(host);
        replace(host, content);
        reads.save();
      } catch (error) {
        host.log('warning', `groundup: ${timelinePath}: ${(error as Error).message}`);
      }
    },
  };
};
