// npm run bench:boot: five ways to a Ready node on warm and cold volumes, and a verdict on our image.
import { fs, path } from 'zx';
import { measureAgent, type AgentTime } from './bench/agent-time.ts';
import { measureBoot, type Boot, type BootFigures, type BootOptions } from './bench/boot.ts';
import { readBudgets } from './bench/budgets.ts';
import { prepareDisks, type Disk } from './bench/disks.ts';
import { readyFromPowerOn, runVersion, type BootRun } from './bench/figures.ts';
import { isBroken, judge } from './bench/judge.ts';
import { parseOptions, usage, type BenchOptions } from './bench/options.ts';
import { costsOf } from './bench/measures.ts';
import { KernelPanic } from './bench/ready.ts';
import { isWhole, lastRecorded, recordOf, recordRun, writeRun } from './bench/record.ts';
import { formatRun } from './bench/table.ts';
import { targetsOf } from './bench/targets.ts';
import { isNeededForCheck, planOf, variants, type VariantId } from './bench/variants.ts';
import { formatVerdict } from './bench/verdict.ts';
import { newestManifest, type Manifest } from './image/manifest.ts';
import type { Lab } from './lab/lab.ts';
import { startLab } from './lab/start.ts';
import { outputFolder, projectRoot } from './project/paths.ts';
import { ensurePackages } from './setup/packages.ts';
import { imagePackages } from './setup/packages-table.ts';
import { createSteps, runCommand, type Steps } from './terminal/steps.ts';

const agentRuns = 11;

interface Image {
  folder: string;
  manifest: Manifest;
}

/** Again after a panic of the kernel, once: a run of an hour does not end with it. */
const measureAgain = async (lab: Lab, options: BootOptions, steps: Steps): Promise<BootFigures> => {
  try {
    return await measureBoot(lab, options);
  } catch (error) {
    if (!(error instanceof KernelPanic)) throw error;
    steps.line('panic', 'the kernel panicked: booted once more');
    return measureBoot(lab, options);
  }
};

/** A path names an image beside its manifest; a bare name, or none, one in out/. */
const findImage = async (imageFile: string | undefined): Promise<Image> => {
  const folder = imageFile?.includes('/') === true ? path.dirname(imageFile) : outputFolder;
  return { folder, manifest: await newestManifest(folder, imageFile) };
};

const timeAgent = (steps: Steps): Promise<AgentTime> =>
  steps.run(
    'agent',
    'on this machine',
    () => measureAgent(agentRuns),
    ({ cpuMs, compileMs, curlMs, elapsedMs }) =>
      `${cpuMs.toFixed(0)} ms of CPU, ${compileMs.toFixed(0)} of them before it begins, curl ${curlMs.toFixed(0)} ms; ` +
      `${elapsedMs.toFixed(0)} ms elapsed on loopback (median of ${agentRuns})`,
  );

interface Measured {
  disks: ReadonlyMap<VariantId, Disk>;
  options: BenchOptions;
  /** Called after each boot, so that what is known is kept. */
  onBoot: (boot: Boot) => Promise<void>;
}

const measureAll = async (
  lab: Lab,
  { disks, options, onBoot }: Measured,
  steps: Steps,
): Promise<void> => {
  const { chosen, volumes, runs, latencyMs, isCheck } = options;
  const plan = planOf(chosen, volumes).filter((planned) => !isCheck || isNeededForCheck(planned));
  // Alternating, so that a machine that slows down slows all of them.
  for (let round = 1; round <= runs; round += 1)
    for (const { variant, volume } of plan) {
      const imageFile = disks.get(variant)?.file ?? '';
      const { sshUser } = variants[variant];
      const name = `run ${round} of ${runs}, ${volume}`;
      const boot = await steps.run(
        `(${variant})`,
        name,
        async (): Promise<Boot> => ({
          round,
          variant,
          volume,
          ...(await measureAgain(lab, { imageFile, sshUser, volume, latencyMs }, steps)),
        }),
        (done) =>
          `${name}: Ready ${readyFromPowerOn(done).toFixed(1)} s after power on, ${done.touchedMib.toFixed(0)} MiB touched`,
      );
      await onBoot(boot);
    }
};

const boot = async (
  { folder, manifest }: Image,
  options: BenchOptions,
  steps: Steps,
): Promise<BootRun> => {
  const { chosen, latencyMs, jsonFile, isCheck } = options;
  const { image, packages, rootUsedBytes, settings } = manifest;
  const run: BootRun = {
    runVersion,
    image,
    at: new Date().toISOString(),
    latencyMs,
    packages: packages.length,
    usedMib: rootUsedBytes / 1024 ** 2,
    boots: [],
  };
  const ours = path.resolve(folder, image);
  await ensurePackages(steps, imagePackages);
  if (chosen.includes('c') && !isCheck) run.agent = await timeAgent(steps);
  const name = `bench-${process.pid}`;
  const { lab } = await startLab({ name, settings, imageFile: ours, steps });
  try {
    const disksFolder = path.join(lab.folder, 'disks');
    await fs.mkdir(disksFolder, { mode: 0o700 });
    const wanted = { folder: disksFolder, ours, settings, chosen };
    const disks = await prepareDisks(lab, wanted, steps);
    if (chosen.includes('ours'))
      run.costs = await costsOf(new Map([...disks].map(([id, { printed }]) => [id, printed])));
    const onBoot = async (done: Boot): Promise<void> => {
      run.boots.push(done);
      if (jsonFile !== undefined) await writeRun(jsonFile, run);
    };
    await measureAll(lab, { disks, options, onBoot }, steps);
    return run;
  } finally {
    await lab.stop();
  }
};

const bench = async (options: BenchOptions): Promise<number> => {
  const steps = createSteps();
  const image = await findImage(options.imageFile);
  const budgets = await readBudgets();
  const run = await boot(image, options, steps);
  if (options.isCheck) {
    const candidate = recordOf(run);
    const recorded = await lastRecorded(image.folder, run.image);
    const findings = judge(candidate, recorded, budgets);
    console.log(`\n${formatVerdict(candidate, recorded, budgets, findings)}`);
    if (isBroken(findings)) return 1;
    if (isWhole(run)) await recordRun(image.folder, run);
    return 0;
  }
  console.log(`\n${formatRun(run)}`);
  if (isWhole(run)) await recordRun(image.folder, run);
  return targetsOf(run).every(({ isMet }) => isMet) ? 0 : 1;
};

const main = async (): Promise<number> => {
  const parsed = parseOptions(process.argv.slice(2));
  if ('isHelp' in parsed) {
    console.log(usage);
    return 0;
  }
  if ('fault' in parsed) {
    console.error(`bench      ${parsed.fault}\n${usage}`);
    return 2;
  }
  const { imageFile, jsonFile } = parsed.options;
  const options: BenchOptions = {
    ...parsed.options,
    // The user's folder is not the checkout's; a bare name of an image is one in out/.
    ...(imageFile?.includes('/') === true ? { imageFile: path.resolve(imageFile) } : {}),
    ...(jsonFile === undefined ? {} : { jsonFile: path.resolve(jsonFile) }),
  };
  process.chdir(projectRoot);
  return bench(options);
};

await runCommand(main);
