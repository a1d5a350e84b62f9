// One program and one source -> the name of its cache entry, and how to make it there.
import path from 'node:path';
import { keyOf } from '../cache/entry.ts';
import { ensureGo } from '../setup/go.ts';
import type { Steps } from '../terminal/steps.ts';
import { labelOf, type BinaryRequest } from './binary-request.ts';
import {
  buildArguments,
  buildEnvironment,
  buildFromModules,
  prepareCompiler,
  readModule,
} from './binary-source-modules.ts';
import { installFromDirectory, installFromRelease } from './binary-source-release.ts';
import type { BinarySource } from './binary-source.ts';
import { checkVersion } from './binary-version.ts';
import type { HostBases } from './download.ts';
import type { Pins } from './pins.ts';
import type { Settings } from './settings-table.ts';

/** A program to be made, with all that any source needs. */
export interface Making {
  request: BinaryRequest;
  /** Of its release file; absent when none is pinned. */
  sha256: string | undefined;
  settings: Pick<Settings, 'binaries'>;
  pins: Pins;
  steps: Steps;
  hostBases?: HostBases;
}

/** The folder's name can be read by people; what decides the bytes is in the hash. */
const entryName = ({ row, version, arch }: BinaryRequest, source: string, key: string): string =>
  `${row.name}-${version}-${arch}-${source}-${key.slice(0, 32)}`;

/** The name of the cache entry: a hash of all that decides the program's bytes. */
export const findEntryName = async (making: Making, source: BinarySource): Promise<string> => {
  const { request, pins, sha256 } = making;
  const { name, component, goPackage } = request.row;
  const identity = { format: 1, name, component, version: request.version, arch: request.arch };
  const inputs =
    source === 'modules'
      ? {
          goPackage,
          arguments: buildArguments(request),
          environment: buildEnvironment(request, pins.go),
          module: await readModule(request),
        }
      : { sha256 };
  return entryName(request, source, keyOf({ ...identity, source, ...inputs }));
};

const makeFromModules = async (making: Making, folder: string): Promise<void> => {
  const { request, steps, pins } = making;
  const go = await ensureGo(steps);
  await prepareCompiler(steps, request);
  const text = `building ${labelOf(request)} from Go modules`;
  await steps.run(
    'binaries',
    text,
    async (step) => {
      await buildFromModules(request, { go, goVersion: pins.go, folder, step, text });
      await checkVersion(request, path.join(folder, request.row.name));
    },
    () => `${labelOf(request)} built from Go modules`,
  );
};

const makeFromFile = async (
  making: Making,
  folder: string,
  verb: string,
  install: (sha256: string) => Promise<void>,
): Promise<void> => {
  const { request, steps, sha256 } = making;
  if (sha256 === undefined) throw new Error(`${labelOf(request)}: no sha256 is pinned`);
  await steps.run(
    'binaries',
    `${verb} ${labelOf(request)}`,
    async () => {
      await install(sha256);
      await checkVersion(request, path.join(folder, request.row.name));
    },
    () => `${labelOf(request)} ${verb === 'downloading' ? 'downloaded' : 'taken from the mirror'}`,
  );
};

/** Makes the program `<folder>/<name>` from one source, and asks it for its version. */
export const makeBinary = async (
  making: Making,
  source: BinarySource,
  folder: string,
): Promise<void> => {
  const { request, settings, hostBases = {} } = making;
  switch (source) {
    case 'modules':
      return makeFromModules(making, folder);
    case 'release':
      return makeFromFile(making, folder, 'downloading', (sha256) =>
        installFromRelease(request, sha256, folder, hostBases),
      );
    case 'directory': {
      const directory = settings.binaries.slice('directory:'.length);
      return makeFromFile(making, folder, 'taking', (sha256) =>
        installFromDirectory(request, sha256, folder, directory),
      );
    }
  }
};
