// npm run build-ami: images/worker.yaml + images/pins.yaml -> out/<name>.qcow2 and its manifest.
import { parseArgs } from 'node:util';
import { chalk, fs, path } from 'zx';
import { keyOf, sha256OfFile } from './cache/entry.ts';
import { createWorkFolder, sweepWorkFolders } from './cache/work-folder.ts';
import { formatFindings, hasErrors } from '../cloud-init/report.ts';
import { findIncompatibilities } from './image/compatibility.ts';
import { describeBase, prepareBase } from './image/base.ts';
import { namesOf, nodeBinaries, packerBinaries } from './image/binary-table.ts';
import { prepareBinaries, type Binary } from './image/binaries.ts';
import { prepareBundle, projectVersion } from './image/bundle.ts';
import { prepareExtraImages } from './image/extra-images.ts';
import { hashImageInputs, hashTree } from './image/inputs.ts';
import {
  createManifest,
  readManifests,
  touchManifest,
  writeManifest,
  type Manifest,
} from './image/manifest.ts';
import { findPacker } from './image/packer-find.ts';
import { runPacker } from './image/packer.ts';
import { preparePauseImage } from './image/pause.ts';
import { describePrograms, prepareProgramsImage } from './image/programs-image.ts';
import { readPins, type Pins } from './image/pins.ts';
import { readSettings, settingsFile, type Settings } from './image/settings.ts';
import { ensureSpace } from './image/space.ts';
import { cacheFolder, outputFolder, projectRoot } from './project/paths.ts';
import { ensurePackages } from './setup/packages.ts';
import { imagePackages } from './setup/packages-table.ts';
import { Failure } from './terminal/failure.ts';
import { createSteps, formatElapsed, runCommand } from './terminal/steps.ts';

const usage = `npm run build-ami [-- OPTIONS]
  --verbose       show what the tools print
  --refresh KEY   make the Debian base anew once per KEY, for example the date
  --force         build although nothing changed`;

const shown = (file: string): string => path.relative(process.cwd(), file) || file;
const mib = (sizeBytes: number): string => `${Math.round(sizeBytes / 1024 ** 2)} MiB`;
const neededOutputBytes = 4 * 1024 ** 3;
const neededCacheBytes = 6 * 1024 ** 3;

/** Settings that are sound by themselves and fit the pinned versions. */
const loadSettings = async (): Promise<{ settings: Settings; pins: Pins }> => {
  const { text, settings, findings } = await readSettings();
  const pins = await readPins();
  if (settings !== undefined)
    findings.push(...(await findIncompatibilities({ settings, text, pins })));
  if (findings.length > 0)
    process.stderr.write(`${formatFindings(shown(settingsFile), text, findings)}\n`);
  if (settings === undefined || hasErrors(findings))
    throw new Failure({ step: 'settings', message: `${shown(settingsFile)}: see above` });
  return { settings, pins };
};

const sayUnchanged = async (manifest: Manifest, startedMs: number): Promise<void> => {
  await touchManifest(outputFolder, manifest);
  const image = shown(path.join(outputFolder, manifest.image));
  const elapsed = formatElapsed(performance.now() - startedMs);
  const id = manifest.imageKey.slice(0, 7);
  console.log(`nothing changed since ${id} (settings, pins, bundle, base): ${image}  ${elapsed}`);
};

const sayBuilt = (manifest: Manifest, manifestFile: string, startedMs: number): void => {
  const image = shown(path.join(outputFolder, manifest.image));
  const root = `${manifest.settings.volumeSizeGib} GiB root, ${mib(manifest.rootUsedBytes)} used`;
  console.log(`image      ${image}   ${root}`);
  console.log(`manifest   ${shown(manifestFile)}`);
  const elapsed = formatElapsed(performance.now() - startedMs);
  console.log(`built in ${elapsed}.  Next: ${chalk.bold('npm run lab -- up --workers 2')}`);
};

const binaryOf = (binaries: readonly Binary[], name: string): Binary => {
  const found = binaries.find((binary) => binary.name === name);
  if (found === undefined) throw new Error(`no binary ${name}`);
  return found;
};

const build = async (options: { refresh: string; force: boolean }): Promise<void> => {
  const startedMs = performance.now();
  const steps = createSteps();
  const { settings, pins } = await loadSettings();
  const version = await projectVersion();
  console.log(
    `groundup ${version}   target local   Kubernetes ${settings.kubernetes}   ${settings.arch}`,
  );
  const inputsKey = keyOf([await hashImageInputs(), settings, options.refresh]);
  const known = await readManifests(outputFolder);
  const unchanged = known.find((manifest) => manifest.inputsKey === inputsKey);
  if (unchanged && !options.force) return sayUnchanged(unchanged, startedMs);

  steps.line('settings', `${shown(settingsFile)}  ok`);
  await ensureSpace(outputFolder, neededOutputBytes, 'delete images in out/ that you need no more');
  const cacheHint = 'make room, or move the cache: XDG_CACHE_HOME=/other/disk npm run build-ami';
  await ensureSpace(cacheFolder(), neededCacheBytes, cacheHint);
  await ensurePackages(steps, imagePackages);
  const hostPacker = await findPacker();
  if (hostPacker) steps.line('packer', `${hostPacker.version} of PATH`);
  const names = [...namesOf(nodeBinaries), ...namesOf(packerBinaries)].filter(
    (name) => name !== 'packer' || hostPacker === undefined,
  );
  const timingsSeconds: Record<string, number> = {};
  const timed = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const began = performance.now();
    const value = await work;
    timingsSeconds[name] = Math.round((performance.now() - began) / 100) / 10;
    return value;
  };
  // The archive is fetched and unpacked while the compiler works; what came of it is told after.
  const abort = new AbortController();
  const baseWork = timed('base', prepareBase(settings.arch, options.refresh, abort.signal));
  baseWork.catch(() => undefined);
  const programs = async () => ({
    binaries: await timed('binaries', prepareBinaries({ names, settings, pins, steps })),
    pause: await timed('pause', preparePauseImage({ settings, pins, steps })),
    more: await timed('images', prepareExtraImages(settings, steps)),
  });
  const { binaries, pause, more } = await programs().catch((error: unknown) => {
    abort.abort();
    throw error;
  });
  const base = await steps.run('base', 'Debian 13', () => baseWork, describeBase);
  const onNode = new Set<string>(namesOf(nodeBinaries));
  const baked = binaries.filter(({ name }) => onNode.has(name));
  const packed = await steps.run(
    'programs',
    'compressing them into one file system',
    () => timed('programs', prepareProgramsImage(baked)),
    describePrograms,
  );
  const containerImages = [pause, ...more];
  const bundle = await timed(
    'bundle',
    prepareBundle({ settings, programs: packed, containerImages }, steps),
  );

  const { volumeSizeGib } = settings;
  const template = await hashTree(['images/packer']);
  const imageKey = keyOf([base.sha256, bundle.sha256, template, volumeSizeGib]);
  const same = known.find((manifest) => manifest.imageKey === imageKey);
  if (same && !options.force) {
    await writeManifest(outputFolder, { ...same, inputsKey });
    return sayUnchanged(same, startedMs);
  }

  const workFolder = await createWorkFolder(outputFolder, 0o700);
  try {
    const disk = await timed(
      'packer',
      runPacker(
        {
          packer: hostPacker ?? binaryOf(binaries, 'packer'),
          plugin: binaryOf(binaries, 'packer-plugin-qemu'),
          base,
          bundle,
          volumeSizeGib,
          workFolder,
        },
        steps,
      ),
    );
    const image = `worker-${settings.kubernetes}-${settings.arch}-${imageKey.slice(0, 7)}.qcow2`;
    const manifest = createManifest({
      groundup: version,
      image,
      imageSha256: await sha256OfFile(disk.file),
      imageSizeBytes: (await fs.stat(disk.file)).size,
      imageKey,
      inputsKey,
      target: 'local',
      settings,
      baseSha256: base.sha256,
      bundleSha256: bundle.sha256,
      binaries: baked.map((binary) => ({
        name: binary.name,
        version: binary.version,
        source: binary.source,
        installPath: binary.installPath,
        sha256: binary.sha256,
        sizeBytes: binary.sizeBytes,
      })),
      containerImages: containerImages.map(({ reference, sha256 }) => ({ reference, sha256 })),
      packages: disk.packages,
      rootSizeBytes: disk.rootSizeBytes,
      rootUsedBytes: disk.rootUsedBytes,
      accelerator: disk.accelerator,
      timingsSeconds: { ...timingsSeconds, ...disk.provisionSeconds },
      builtAt: new Date().toISOString(),
    });
    await fs.rename(disk.file, path.join(outputFolder, image));
    sayBuilt(manifest, await writeManifest(outputFolder, manifest), startedMs);
  } finally {
    await fs.rm(workFolder, { recursive: true, force: true });
  }
};

const main = async (): Promise<number> => {
  const parsed = (() => {
    try {
      return parseArgs({
        options: {
          verbose: { type: 'boolean', default: false },
          force: { type: 'boolean', default: false },
          refresh: { type: 'string', default: '' },
          help: { type: 'boolean', default: false },
        },
      }).values;
    } catch (error) {
      console.error(`build-ami  ${(error as Error).message}\n${usage}`);
      return undefined;
    }
  })();
  if (parsed === undefined) return 2;
  if (parsed.help) {
    console.log(usage);
    return 0;
  }
  if (parsed.verbose) process.env['GROUNDUP_VERBOSE'] = '1';
  process.chdir(projectRoot);
  await sweepWorkFolders(outputFolder);
  await build({ refresh: parsed.refresh, force: parsed.force });
  return 0;
};

await runCommand(main);
