// npm run bench:boot: four ways to a Ready node, booted one after the other, and what they cost.
import { parseArgs } from 'node:util';
import { fs, path } from 'zx';
import { measureAgent } from './bench/agent-time.ts';
import { measureBoot, type BootFigures, type BootOptions } from './bench/boot.ts';
import { formatFigures, targetsOf, variantIds, type VariantId } from './bench/figures.ts';
import {
  captureScript,
  overlayDisk,
  overlayPlain,
  overlaySeed,
  overlaySlim,
  type Captured,
} from './bench/prewritten.ts';
import { prepareStockDisk } from './bench/stock-disk.ts';
import { prepareBinaries } from './image/binaries.ts';
import { namesOf, nodeBinaries } from './image/binary-table.ts';
import { newestManifest, type Manifest } from './image/manifest.ts';
import { readPins } from './image/pins.ts';
import type { Lab } from './lab/lab.ts';
import { startLab } from './lab/start.ts';
import { outputFolder, projectRoot } from './project/paths.ts';
import { ensurePackages } from './setup/packages.ts';
import { imagePackages } from './setup/packages-table.ts';
import { createSteps, runCommand, type Steps } from './terminal/steps.ts';

const usage = `npm run bench:boot [-- OPTIONS]
  --runs N      boots of each kind, alternating (default 3)
  --json FILE   also write every figure there`;

const agentRuns = 11;
type Disks = Record<VariantId, BootOptions>;

const prepareStock = async (manifest: Manifest, steps: Steps): Promise<string> => {
  const { settings } = manifest;
  const names = namesOf(nodeBinaries);
  const binaries = await prepareBinaries({ names, settings, pins: await readPins(), steps });
  return steps.run(
    'stock',
    'a Debian 13 as its cloud images are',
    () => prepareStockDisk(binaries),
    () => 'Debian 13, nothing left out, an initrd, the same programs',
  );
};

/** Boots ours once to learn what its agent writes; that is what the floors get beforehand. */
const capture = async (lab: Lab, imageFile: string): Promise<Captured> => {
  let archive = Buffer.alloc(0);
  await measureBoot(lab, { imageFile, sshUser: 'debian' }, async ({ address }) => {
    const { stdout } = await lab.ssh(address, captureScript, 60_000);
    archive = Buffer.from(stdout, 'base64');
  });
  const sshPublicKey = (await fs.readFile(path.join(lab.folder, 'ssh-key.pub'), 'utf8')).trim();
  return { archive, sshPublicKey };
};

const prepareDisks = async (
  folder: string,
  disks: { ours: string; stock: string },
  captured: Captured,
): Promise<Disks> => {
  const make = async (
    id: VariantId,
    disk: string,
    overlay: (root: string, from: Captured) => Promise<void>,
  ): Promise<string> => {
    const file = path.join(folder, `${id}.qcow2`);
    await overlayDisk(disk, file, (root) => overlay(root, captured));
    return file;
  };
  return {
    a: { imageFile: await make('a', disks.stock, overlayPlain), sshUser: 'root' },
    b: { imageFile: await make('b', disks.ours, overlaySlim), sshUser: 'root' },
    c: { imageFile: disks.ours, sshUser: 'debian' },
    d: { imageFile: await make('d', disks.stock, overlaySeed), sshUser: 'debian' },
  };
};

const measureAll = async (
  lab: Lab,
  disks: Disks,
  runs: number,
  steps: Steps,
): Promise<Record<VariantId, BootFigures[]>> => {
  const figures: Record<VariantId, BootFigures[]> = { a: [], b: [], c: [], d: [] };
  // Alternating, so that a machine that slows down slows all of them.
  for (let run = 1; run <= runs; run += 1)
    for (const id of variantIds)
      figures[id].push(
        await steps.run(
          `(${id})`,
          `run ${run} of ${runs}`,
          () => measureBoot(lab, disks[id]),
          ({ readySeconds }) => `run ${run} of ${runs}: Ready in ${readySeconds.toFixed(1)} s`,
        ),
      );
  return figures;
};

const bench = async (runs: number, jsonFile: string | undefined): Promise<number> => {
  const steps = createSteps();
  const manifest = await newestManifest(outputFolder);
  const ours = path.join(outputFolder, manifest.image);
  await ensurePackages(steps, imagePackages);
  const stock = await prepareStock(manifest, steps);
  const agent = await steps.run(
    'agent',
    'on this machine',
    () => measureAgent(agentRuns),
    ({ cpuMs, curlMs, elapsedMs }) =>
      `${cpuMs.toFixed(0)} ms of CPU, curl ${curlMs.toFixed(0)} ms; ${elapsedMs.toFixed(0)} ms elapsed on loopback (median of ${agentRuns})`,
  );
  const name = `bench-${process.pid}`;
  const { lab } = await startLab({ name, settings: manifest.settings, imageFile: ours, steps });
  const folder = path.join(lab.folder, 'disks');
  try {
    await fs.mkdir(folder, { mode: 0o700 });
    const disks = await steps.run(
      'disks',
      'one boot of ours, then the floors from what it wrote',
      async () => prepareDisks(folder, { ours, stock }, await capture(lab, ours)),
      () => 'the floors hold what the agent wrote on a first boot',
    );
    const figures = await measureAll(lab, disks, runs, steps);
    const targets = targetsOf(figures, agent.cpuMs);
    console.log(`\n${formatFigures(figures, targets)}`);
    if (jsonFile !== undefined)
      await fs.writeFile(
        jsonFile,
        `${JSON.stringify({ image: manifest.image, agent, figures, targets }, null, 2)}\n`,
        { mode: 0o644 },
      );
    return targets.every(({ isMet }) => isMet) ? 0 : 1;
  } finally {
    await lab.stop();
  }
};

const main = async (): Promise<number> => {
  const parsed = (() => {
    try {
      return parseArgs({
        options: {
          runs: { type: 'string', default: '3' },
          json: { type: 'string' },
          help: { type: 'boolean', default: false },
        },
      }).values;
    } catch (error) {
      console.error(`bench      ${(error as Error).message}\n${usage}`);
      return undefined;
    }
  })();
  if (parsed === undefined || !/^[1-9]\d?$/.test(parsed.runs)) {
    console.error(usage);
    return 2;
  }
  if (parsed.help) {
    console.log(usage);
    return 0;
  }
  const jsonFile = parsed.json === undefined ? undefined : path.resolve(parsed.json);
  process.chdir(projectRoot);
  return bench(Number(parsed.runs), jsonFile);
};

await runCommand(main);
