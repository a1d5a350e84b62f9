// What a run says about our image -> the record that later images are compared with.
import { glob, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inProject } from '../project/paths.ts';
import { budgetLatencyMs, type BudgetKey } from './budgets.ts';
import {
  bootsOf,
  median,
  medianOf,
  paired,
  readyFromPowerOn,
  runVersion,
  type BootRun,
  type Pick,
} from './figures.ts';
import type { TimelineEntry } from './node-report.ts';
import { medianTimeline } from './phases.ts';
import { volumeKinds, type VolumeKind } from './variants.ts';

/** Figures of one image; those that were not measured are absent. */
export interface ImageRecord {
  image: string;
  latencyMs: number;
  figures: Partial<Record<BudgetKey, number>>;
  /** Ready of the plain floor on the same machine: how fast that was. */
  floorSeconds?: number;
  timelines: Partial<Record<VolumeKind, TimelineEntry[]>>;
}

const ours = (volume: VolumeKind) => ({ variant: 'c', volume }) as const;
const floor = { variant: 'a', volume: 'warm' } as const;

const isNumber = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value);

export const recordOf = (run: BootRun): ImageRecord => {
  const { boots, image, latencyMs, packages, usedMib } = run;
  /** The cold boot is the one that matters, where there was one. */
  const figure = (pick: Pick) =>
    medianOf(boots, ours('cold'), pick) ?? medianOf(boots, ours('warm'), pick);
  const cold =
    latencyMs === budgetLatencyMs
      ? median(
          paired(
            boots,
            ours('cold'),
            ours('warm'),
            (slow, quick) => readyFromPowerOn(slow) / readyFromPowerOn(quick),
          ),
        )
      : undefined;
  const found: [BudgetKey, number | undefined][] = [
    ['touched-mib', figure(({ touchedMib }) => touchedMib)],
    ['read-mib', figure(({ readMib }) => readMib)],
    ['processes', figure(({ processes }) => processes)],
    ['packages', packages],
    ['used-mib', usedMib],
    [
      'floor-ratio',
      median(
        paired(boots, ours('warm'), floor, (one, other) => one.readySeconds / other.readySeconds),
      ),
    ],
    ['cold-ratio', cold],
  ];
  const floorSeconds = medianOf(boots, floor, ({ readySeconds }) => readySeconds);
  const timelines = volumeKinds.flatMap((volume) => {
    const entries = bootsOf(boots, 'c', volume).map(({ timeline }) => timeline);
    return entries.length === 0 ? [] : [[volume, medianTimeline(entries)]];
  });
  return {
    image,
    latencyMs,
    figures: Object.fromEntries(found.filter(([, value]) => isNumber(value))),
    ...(floorSeconds === undefined ? {} : { floorSeconds }),
    timelines: Object.fromEntries(timelines) as ImageRecord['timelines'],
  };
};

const suffix = '.boot.json';
export const committedRun = inProject('docs/boot.json');

const recordFile = (folder: string, image: string): string =>
  path.join(folder, `${path.basename(image, '.qcow2')}${suffix}`);

/** A run in which our image booted on both volumes, so that all of it can be compared. */
export const isWhole = ({ boots }: BootRun): boolean =>
  volumeKinds.every((volume) => bootsOf(boots, 'c', volume).length > 0);

/** A reader sees the whole file or none. */
export const writeRun = async (file: string, run: BootRun): Promise<void> => {
  await writeFile(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o644 });
  await rename(`${file}.new`, file);
};

/** Beside the image's manifest; a later image is compared with it. */
export const recordRun = async (folder: string, run: BootRun): Promise<string> => {
  const file = recordFile(folder, run.image);
  await writeRun(file, run);
  return file;
};

const readRun = async (file: string): Promise<BootRun | undefined> => {
  try {
    const run = JSON.parse(await readFile(file, 'utf8')) as BootRun;
    return run.runVersion === runVersion ? run : undefined;
  } catch {
    // Absent, or not one of ours: nothing to compare with.
    return undefined;
  }
};

/** The last recorded image but `image`: beside it, else the committed run. */
export const lastRecorded = async (
  folder: string,
  image: string,
  fallback: string = committedRun,
): Promise<ImageRecord | undefined> => {
  const files: { file: string; mtimeMs: number }[] = [];
  for await (const name of glob(`*${suffix}`, { cwd: folder })) {
    const file = path.join(folder, name);
    if (file !== recordFile(folder, image))
      files.push({ file, mtimeMs: (await stat(file)).mtimeMs });
  }
  const newestFirst = files.toSorted((a, b) => b.mtimeMs - a.mtimeMs).map(({ file }) => file);
  for (const file of [...newestFirst, fallback]) {
    const run = await readRun(file);
    if (run !== undefined) return recordOf(run);
  }
  return undefined;
};
