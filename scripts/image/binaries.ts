// Names of programs -> their files in the cache, made from the source that the settings choose.
import { access } from 'node:fs/promises';
import path from 'node:path';
import { cached, entryFolder, type CacheEntry } from '../cache/entry.ts';
import { Failure } from '../terminal/failure.ts';
import { formatElapsed, type Steps } from '../terminal/steps.ts';
import { findEntryName, makeBinary, type Making } from './binary-make.ts';
import { hostArch, labelOf, pinnedSha256, type BinaryRequest } from './binary-request.ts';
import { releaseAnswers, type BinarySource } from './binary-source.ts';
import { binaryTable, components } from './binary-table.ts';
import { HostUnreachable, type HostBases } from './download.ts';
import { pinnedVersion, type ComponentName, type Pins } from './pins.ts';
import type { Arch, Settings } from './settings-table.ts';

export {
  binaryTable,
  controlPlaneBinaries,
  namesOf,
  nodeBinaries,
  packerBinaries,
} from './binary-table.ts';

/** A program that is ready in the cache. */
export interface Binary {
  name: string;
  component: ComponentName;
  version: string;
  arch: Arch;
  source: BinarySource;
  /** Absolute path in the cache. */
  file: string;
  installPath: string;
  sha256: string;
  sizeBytes: number;
  /** False when this call made it. */
  cached: boolean;
  elapsedMs: number;
}

export interface BinariesOptions {
  /** Names of binary-table.ts, e.g. `namesOf(nodeBinaries)`. */
  names: readonly string[];
  settings: Pick<Settings, 'kubernetes' | 'arch' | 'binaries'>;
  pins: Pins;
  steps: Steps;
  /** Stand-ins for the release hosts, host -> base address; tests give a loopback server. */
  hostBases?: HostBases;
}

const isKnown = async (making: Making, source: BinarySource): Promise<boolean> =>
  access(entryFolder('binaries', await findEntryName(making, source))).then(
    () => true,
    () => false,
  );

/** Sources in the order in which they are tried. */
const findSources = async (making: Making): Promise<BinarySource[]> => {
  const { settings, sha256, steps, pins, hostBases = {} } = making;
  // Without a pinned sha256 only go.sum vouches for the bytes.
  if (sha256 === undefined) return ['modules'];
  if (settings.binaries.startsWith('directory:')) return ['directory'];
  if (settings.binaries !== 'auto') return [settings.binaries as BinarySource];
  // What is in the cache needs no network; a release is preferred.
  if (await isKnown(making, 'release')) return ['release', 'modules'];
  if (await isKnown(making, 'modules')) return ['modules'];
  return (await releaseAnswers(steps, pins, hostBases)) ? ['release', 'modules'] : ['modules'];
};

const unreachable = (label: string, error: HostUnreachable): Failure =>
  new Failure({
    step: 'binaries',
    message: `${label}: ${error.message}`,
    hint: 'set binaries: auto or modules in images/worker.yaml to build from Go modules, or directory:/path for a mirror',
    cause: error,
  });

const makeEntry = async (making: Making): Promise<{ source: BinarySource; entry: CacheEntry }> => {
  const sources = await findSources(making);
  for (const [index, source] of sources.entries()) {
    try {
      const name = await findEntryName(making, source);
      const entry = await cached('binaries', name, (folder) => makeBinary(making, source, folder));
      if (entry.discarded !== undefined) {
        making.steps.line('binaries', `the cached ${entry.discarded}; it was made again`);
      }
      return { source, entry };
    } catch (error) {
      if (!(error instanceof HostUnreachable)) throw error;
      if (index === sources.length - 1) throw unreachable(labelOf(making.request), error);
      making.steps.line(
        'binaries',
        `${labelOf(making.request)}: ${error.message}; using Go modules`,
      );
    }
  }
  throw new Error('no source of binaries');
};

const requestFor = (name: string, options: BinariesOptions): BinaryRequest => {
  const row = binaryTable.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`binary-table.ts has no ${name}`);
  const { settings, pins } = options;
  const version =
    row.component === 'kubernetes' ? settings.kubernetes : pinnedVersion(pins, row.component);
  const arch = row.runsOn === 'host' ? hostArch() : settings.arch;
  return { row, component: components[row.component], version, arch };
};

/** `12 files: 11 cached, 1 built from modules`, and what took longest. */
const summarize = (binaries: readonly Binary[], elapsedMs: number): string => {
  const count = (text: string, items: readonly Binary[]): string[] =>
    items.length === 0 ? [] : [`${items.length} ${text}`];
  const fresh = binaries.filter((binary) => !binary.cached);
  const parts = [
    ...count(
      'cached',
      binaries.filter((binary) => binary.cached),
    ),
    ...count(
      'built from modules',
      fresh.filter(({ source }) => source === 'modules'),
    ),
    ...count(
      'downloaded',
      fresh.filter(({ source }) => source === 'release'),
    ),
    ...count(
      'from the mirror',
      fresh.filter(({ source }) => source === 'directory'),
    ),
  ];
  const text = `${binaries.length} files: ${parts.join(', ')}`;
  const [slowest] = fresh.toSorted((a, b) => b.elapsedMs - a.elapsedMs);
  if (slowest === undefined) return text;
  return `${text.padEnd(47)} ${formatElapsed(elapsedMs)}   ${slowest.name}`;
};

const prepareBinary = async (name: string, options: BinariesOptions): Promise<Binary> => {
  const startedMs = performance.now();
  const request = requestFor(name, options);
  const making = { ...options, request, sha256: pinnedSha256(options.pins, request) };
  const { source, entry } = await makeEntry(making);
  const found = entry.files[name];
  if (!found) throw new Error(`${entry.folder} has no ${name}`);
  const { component, installPath } = request.row;
  return {
    name,
    component,
    version: request.version,
    arch: request.arch,
    source,
    file: path.join(entry.folder, name),
    installPath,
    ...found,
    cached: entry.cached,
    elapsedMs: performance.now() - startedMs,
  };
};

/**
 * One build leaves a quarter of two processors idle: linking, and packages that wait for one another.
 * Programs of one component share most of their packages, so they stay in one lane.
 */
const lanesMax = 2;

/** Runs `work` over all items, at most `lanesMax` at a time; after a failure none is begun. */
const inLanes = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
      await work(item).catch((error: unknown) => {
        waiting.length = 0;
        throw error;
      });
  };
  const outcomes = await Promise.allSettled(Array.from({ length: lanesMax }, lane));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

/**
 * Makes sure that every named program is in the cache, whole, and of the pinned version. Programs
 * that run on the node have the settings' architecture, the others this machine's.
 */
export const prepareBinaries = async (options: BinariesOptions): Promise<Binary[]> => {
  const { names, steps } = options;
  const startedMs = performance.now();
  const componentOf = (name: string) => requestFor(name, options).row.component;
  const groups = Map.groupBy(names, componentOf);
  const made = new Map<string, Binary>();
  await inLanes([...groups.values()], async (group) => {
    for (const name of group) made.set(name, await prepareBinary(name, options));
  });
  const binaries = names.flatMap((name) => made.get(name) ?? []);
  steps.line('binaries', summarize(binaries, performance.now() - startedMs));
  return binaries;
};
