// The pinned pause image -> an archive for `ctr images import`, so that no node needs a registry.
// Pulled by digest, or compiled from the source in k8s.io/kubernetes where no registry answers.
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, entryFolder, keyOf } from '../cache/entry.ts';
import { runTool } from '../project/tools.ts';
import { ensureGo } from '../setup/go.ts';
import { ensurePackages } from '../setup/packages.ts';
import { Failure } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import { hostArch } from './binary-request.ts';
import { moduleFolder } from './binary-source-modules.ts';
import type { BinarySource } from './binary-source.ts';
import { HostUnreachable, probeUrl, type HostBases } from './download.ts';
import { layoutBlobs, pullImage, registryBlobs } from './image-pull.ts';
import { createImageArchive, createProgramImage, type ImageParts } from './oci-archive.ts';
import { pinnedVersion, type Pins } from './pins.ts';
import type { Arch, Settings } from './settings-table.ts';

const registry = { host: 'registry.k8s.io', repository: 'pause' };
const compileTimeoutMs = 120_000;
const moduleTimeoutMs = 10 * 60_000;
const archiveName = 'pause.tar';

/** The user of the official image; the program needs no rights. */
const pauseUser = '65535:65535';

export interface PauseImage {
  /** OCI image archive for `ctr images import`; absolute path in the cache. */
  file: string;
  /** `registry.k8s.io/pause:<version>`, as containerd's configuration names it. */
  reference: string;
  version: string;
  source: BinarySource;
  sha256: string;
  sizeBytes: number;
  cached: boolean;
}

export interface PauseOptions {
  settings: Pick<Settings, 'kubernetes' | 'arch' | 'binaries'>;
  pins: Pins;
  steps: Steps;
  /** Stand-ins for the registry, host -> base address. */
  hostBases?: HostBases;
}

interface Pause {
  version: string;
  reference: string;
  /** `registry.k8s.io/pause 3.10.1` */
  label: string;
  index: string;
}

const compilerFlags = ['-Os', '-static', '-s', '-Wl,--build-id=none'];

const readSource = async (options: PauseOptions): Promise<string> => {
  const { settings, pins, steps } = options;
  const go = await ensureGo(steps);
  const output = await runTool(go, ['mod', 'download', '-json', 'k8s.io/kubernetes'], {
    step: 'pause',
    timeoutMs: moduleTimeoutMs,
    cwd: moduleFolder('kubernetes', settings.kubernetes),
    env: { GOTOOLCHAIN: `go${pins.go}`, GOFLAGS: '', GOWORK: 'off' },
    hint: 'the Go module proxy (go env GOPROXY) has to be reachable',
  });
  const { Dir: folder } = JSON.parse(output) as { Dir: string };
  return path.join(folder, 'build/pause/linux/pause.c');
};

const compile = async (
  options: PauseOptions,
  pause: Pause,
  folder: string,
): Promise<ImageParts> => {
  const { settings, steps } = options;
  const { arch, kubernetes } = settings;
  if (arch !== hostArch()) {
    throw new Failure({
      step: 'pause',
      message: `${pause.label} ${arch}: needs a C compiler for ${arch}, and this machine is ${hostArch()}`,
      hint: `set binaries: release in images/worker.yaml, or build on an ${arch} machine`,
    });
  }
  await ensurePackages(steps, ['gcc', 'libc6-dev']);
  const source = await readSource(options);
  const program = path.join(folder, 'pause');
  // It says what it is: the source of a Kubernetes release, not the official image's binary.
  const version = `-DVERSION=v${pause.version}-kubernetes-${kubernetes}`;
  await runTool('gcc', [...compilerFlags, version, '-o', program, source], {
    step: 'pause',
    timeoutMs: compileTimeoutMs,
  });
  const said = await runTool(program, ['-v'], { step: 'pause', timeoutMs: 10_000 });
  if (!said.includes(`v${pause.version}-`)) {
    throw new Failure({ step: 'pause', message: `the compiled program says ${said}` });
  }
  const content = await readFile(program);
  await rm(program);
  return createProgramImage({ name: 'pause', content, arch, user: pauseUser });
};

const collect = async (
  options: PauseOptions,
  pause: Pause,
  source: BinarySource,
  folder: string,
): Promise<ImageParts> => {
  const { settings, hostBases = {} } = options;
  const { label, index } = pause;
  if (source === 'modules') return compile(options, pause, folder);
  const mirror = settings.binaries.slice('directory:'.length);
  const readBlob =
    source === 'release'
      ? registryBlobs(label, registry, hostBases)
      : layoutBlobs(label, path.join(mirror, registry.host, registry.repository));
  return pullImage(label, index, settings.arch, readBlob);
};

const findName = async (
  { settings }: PauseOptions,
  pause: Pause,
  source: BinarySource,
): Promise<string> => {
  const { kubernetes, arch } = settings;
  const inputs =
    source === 'modules'
      ? {
          kubernetes,
          compilerFlags,
          sums: await readFile(path.join(moduleFolder('kubernetes', kubernetes), 'go.sum'), 'utf8'),
        }
      : { index: pause.index };
  const key = keyOf({ format: 1, version: pause.version, arch, source, ...inputs });
  return `pause-${pause.version}-${arch}-${source}-${key.slice(0, 32)}`;
};

const exists = async (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

const findSources = async (options: PauseOptions, pause: Pause): Promise<BinarySource[]> => {
  const { settings, steps, hostBases = {} } = options;
  if (settings.binaries.startsWith('directory:')) return ['directory'];
  if (settings.binaries !== 'auto') return [settings.binaries as BinarySource];
  for (const source of ['release', 'modules'] as const) {
    if (await exists(entryFolder('images', await findName(options, pause, source))))
      return [source];
  }
  const reason = await probeUrl(`https://${registry.host}/v2/`, hostBases);
  if (reason === undefined) return ['release', 'modules'];
  steps.line('pause', `${registry.host}: ${reason}; compiling it from k8s.io/kubernetes`);
  return ['modules'];
};

const describeDone = (pause: Pause, arch: Arch, source: BinarySource): string => {
  const how = {
    release: 'pulled by digest',
    modules: 'compiled from k8s.io/kubernetes',
    directory: 'taken from the mirror',
  }[source];
  return `${pause.label} ${arch} ${how}`;
};

const makeArchive = async (
  options: PauseOptions,
  pause: Pause,
  source: BinarySource,
): Promise<PauseImage> => {
  const { settings, steps } = options;
  const name = await findName(options, pause, source);
  const entry = await cached('images', name, async (folder) =>
    steps.run(
      'pause',
      pause.label,
      async () => {
        const parts = await collect(options, pause, source, folder);
        const archive = createImageArchive(pause.reference, parts);
        await writeFile(path.join(folder, archiveName), archive, { mode: 0o644 });
      },
      () => describeDone(pause, settings.arch, source),
    ),
  );
  const found = entry.files[archiveName];
  if (!found) throw new Error(`${entry.folder} has no ${archiveName}`);
  const { version, reference } = pause;
  const file = path.join(entry.folder, archiveName);
  return { file, reference, version, source, ...found, cached: entry.cached };
};

/** Makes sure that the pinned pause image is in the cache as an archive. */
export const preparePauseImage = async (options: PauseOptions): Promise<PauseImage> => {
  const { pins } = options;
  const version = pinnedVersion(pins, 'pause');
  const name = `${registry.host}/${registry.repository}`;
  const pause: Pause = {
    version,
    reference: `${name}:${version}`,
    label: `${name} ${version}`,
    index: pins.pause[version]?.index ?? '',
  };
  const sources = await findSources(options, pause);
  for (const [position, source] of sources.entries()) {
    try {
      return await makeArchive(options, pause, source);
    } catch (error) {
      if (!(error instanceof HostUnreachable)) throw error;
      if (position === sources.length - 1) {
        throw new Failure({
          step: 'pause',
          message: `${pause.label}: ${error.message}`,
          hint: 'set binaries: auto or modules in images/worker.yaml to compile it, or directory:/path for a mirror',
          cause: error,
        });
      }
    }
  }
  throw new Error('no source of the pause image');
};
