// The kernel's count of bytes read from disks -> how many had been read at a moment, asked later.
import type { Host } from './hosts/host.ts';

/** Whole disks: partitions, and what lies upon disks (loop, dm), would count the same bytes again. */
const diskLine = /^ *\d+ +\d+ (?:nvme\d+n\d+|(?:v|xv|s)d[a-z]+) \d+ \d+ (\d+) /gm;
/** In this file a sector has 512 bytes, whatever the disk has. */
const sectorBytes = 512;
const statisticsPath = '/proc/diskstats';

/** https://docs.kernel.org/admin-guide/iostats.html; undefined when no disk is in it. */
export const parseReadBytes = (statistics: string): number | undefined => {
  const sectors = Array.from(statistics.matchAll(diskLine), ([, count]) => Number(count));
  if (sectors.length === 0) return undefined;
  return sectors.reduce((sum, count) => sum + count, 0) * sectorBytes;
};

/** When, and how many bytes until then. */
export type DiskSample = [uptimeMs: number, readBytes: number];

/** On a file system in memory: what `configure` saw, for `ready`. */
const samplesPath = '/run/groundup/disk-reads.json';
const samplesMax = 240;
const pauseMs = 250;

const readSamples = (host: Host): DiskSample[] => {
  try {
    return JSON.parse(host.readFile(samplesPath) ?? '[]') as DiskSample[];
  } catch {
    return [];
  }
};

export interface DiskReads {
  /** Looks now. */
  sample: () => number | undefined;
  /** Looks when it was not done just now: for loops that wait. */
  sampleSometimes: () => void;
  /** Between two samples it is a straight line; outside of them nothing is known. */
  at: (uptimeMs: number) => number | undefined;
  /** Keeps the samples for the agent's next command of this boot. */
  save: () => void;
}

/** The series has a bounded length: when it is full, every second sample goes and later ones are rarer. */
export const openDiskReads = (host: Host): DiskReads => {
  let samples = readSamples(host);
  let stepMs = pauseMs;
  const sample = (): number | undefined => {
    const readBytes = parseReadBytes(host.readFile(statisticsPath) ?? '');
    if (readBytes === undefined) return undefined;
    samples.push([host.uptimeMs(), readBytes]);
    if (samples.length > samplesMax) {
      samples = samples.filter((_, index) => index % 2 === 0);
      stepMs *= 2;
    }
    return readBytes;
  };
  return {
    sample,
    sampleSometimes: () => {
      if (host.uptimeMs() - (samples.at(-1)?.[0] ?? 0) >= stepMs) sample();
    },
    at: (uptimeMs) => {
      const index = samples.findIndex(([sampledMs]) => sampledMs >= uptimeMs);
      const [before, after] = [samples[index - 1], samples[index]];
      if (after?.[0] === uptimeMs) return after[1];
      if (before === undefined || after === undefined) return undefined;
      const part = (uptimeMs - before[0]) / (after[0] - before[0]);
      return Math.round(before[1] + part * (after[1] - before[1]));
    },
    save: () => {
      if (samples.length === 0) return;
      host.remove(samplesPath);
      host.createFile(samplesPath, JSON.stringify(samples), 0o600);
    },
  };
};
