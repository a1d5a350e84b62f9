// A component and its new version -> images/pins.yaml rewritten, comments kept, with the official
// sha256, and the module folder for builds from source. All of it, or nothing.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isMap, isScalar, parseDocument, type Pair } from 'yaml';
import { Failure } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import type { HostBases } from './download.ts';
import { makeModuleFolder, otherModuleFolders } from './module-folder.ts';
import { fetchSums, readSums } from './pin-checksums.ts';
import { archs, releaseFilesOf, type PinnedFile } from './pin-files.ts';
import { checkPins, kubernetesNames, pinsFile, type ComponentName } from './pins.ts';
import { compareVersions } from './version-range.ts';

type Hashes = Record<string, unknown>;

const hashesOf = (
  component: ComponentName,
  files: readonly Omit<PinnedFile, 'sha256'>[],
  sums: ReadonlyMap<string, string>,
): Hashes => {
  const perArch = (name: string): Hashes =>
    Object.fromEntries(
      archs.flatMap((arch) => {
        const file = files.find((found) => found.name === name && found.arch === arch);
        return file ? [[arch, sums.get(file.label)]] : [];
      }),
    );
  if (component !== 'kubernetes') return perArch(component);
  return Object.fromEntries(kubernetesNames.map((name) => [name, perArch(name)]));
};

const versionOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key);

/**
 * The text of a pins file with a component at another version. Kubernetes keeps its other versions,
 * newest first; the rest have one. Comments and order stay.
 */
export const rewritePins = (
  text: string,
  component: ComponentName,
  version: string,
  hashes: Hashes,
): string => {
  const document = parseDocument(text);
  const versions = document.get(component);
  if (!isMap(versions)) throw new Error(`pins.yaml has no ${component}`);
  if (component !== 'kubernetes') versions.items = [];
  versions.set(document.createNode(version), document.createNode(hashes));
  versions.items.sort((a, b) => compareVersions(versionOf(b), versionOf(a)));
  return document.toString({ lineWidth: 0 });
};

export interface BumpOptions {
  component: ComponentName;
  version: string;
  steps: Steps;
  /** JSON file of checksums for machines without a network. */
  checksums?: string;
  file?: string;
  modulesFolder?: string;
  hostBases?: HostBases;
}

const refuse = (message: string, hint?: string): Failure =>
  new Failure({ step: 'pins', message, ...(hint === undefined ? {} : { hint }) });

/** Pins another version of a component. */
export const bumpPin = async (options: BumpOptions): Promise<void> => {
  const { component, version, steps, checksums, modulesFolder, hostBases = {} } = options;
  const file = options.file ?? pinsFile;
  const text = await readFile(file, 'utf8');
  const { pins } = checkPins(text);
  if (!pins) throw refuse('images/pins.yaml has errors', 'npm run pins -- verify shows them');
  if (version in pins[component]) throw refuse(`${component} ${version} is pinned already`);
  const files = releaseFilesOf(component, version);
  const sums =
    checksums === undefined ? await fetchSums(files, hostBases) : await readSums(files, checksums);
  const more = modulesFolder === undefined ? {} : { modulesFolder };
  await makeModuleFolder({ component, version, goVersion: pins.go, steps, ...more });

  const rewritten = rewritePins(text, component, version, hashesOf(component, files, sums));
  const { findings } = checkPins(rewritten);
  if (findings.length > 0) throw new Error(`pins.yaml: ${findings[0]?.message}`);
  const temporary = `${file}.new`;
  await writeFile(temporary, rewritten, { mode: 0o644 });
  await rename(temporary, file);
  const old = Object.keys(pins[component]).join(', ');
  if (component === 'kubernetes') {
    steps.line('pins', `kubernetes ${version} added to ${old}; images/worker.yaml chooses one`);
    return;
  }
  for (const folder of await otherModuleFolders(component, version, modulesFolder)) {
    await rm(folder, { recursive: true, force: true });
  }
  steps.line('pins', `${component} ${old} → ${version}`);
};

/** Pins another Go toolchain; `npm run build-ami` then builds everything anew. */
export const bumpGo = async (version: string, steps: Steps, file = pinsFile): Promise<void> => {
  const text = await readFile(file, 'utf8');
  const old = /^go: (\S+)$/m.exec(text)?.[1];
  if (old === undefined) throw refuse('images/pins.yaml has no line go: <version>');
  if (old === version) throw refuse(`go ${version} is pinned already`);
  const temporary = `${file}.new`;
  await writeFile(temporary, text.replace(/^go: \S+$/m, `go: ${version}`), { mode: 0o644 });
  await rename(temporary, file);
  steps.line('pins', `go ${old} → ${version}`);
};
