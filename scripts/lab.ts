// npm run lab -- up|status|exec|touched|down: a VPC with a real control plane and workers on this machine.
import { parseArgs } from 'node:util';
import { path } from 'zx';
import { newestManifest } from './image/manifest.ts';
import { bootWorkers, findLab, startLab } from './lab/start.ts';
import { showTouched } from './lab/touched/command.ts';
import { readVolumeOptions } from './lab/volume-options.ts';
import { prefixesMax, prefixWorkersMax, workersMax } from './lab/addresses.ts';
import { outputFolder } from './project/paths.ts';
import { Failure } from './terminal/failure.ts';
import { createSteps, runCommand } from './terminal/steps.ts';

const usage = `npm run lab -- COMMAND
  up [--workers N] [--prefixes N] [--name NAME] [--image FILE]
     [--volume cold|warm] [--volume-latency MS]   start a lab and keep it (default: 1 worker)
  status [--json] [--name NAME]                   what runs in it
  exec [--name NAME] -- COMMAND...                run a command in it, with kubectl at hand
  touched [--worker NAME] [--json] [--name NAME]  what a worker fetched of its cold volume
  down [--name NAME]                              stop it and remove all of it`;

interface UpOptions {
  name: string;
  workers: string;
  prefixes: string;
  volume: string;
  'volume-latency'?: string;
  image?: string;
}

const up = async (options: UpOptions): Promise<number> => {
  const count = /^\d+$/.test(options.workers) ? Number(options.workers) : Number.NaN;
  if (!(count <= workersMax))
    throw new Failure({
      step: 'lab',
      message: `--workers ${options.workers}: not a number from 0 to ${workersMax}`,
    });
  const prefixCount = /^\d+$/.test(options.prefixes) ? Number(options.prefixes) : Number.NaN;
  if (!(prefixCount <= prefixesMax) || (prefixCount > 0 && count > prefixWorkersMax))
    throw new Failure({
      step: 'lab',
      message: `--prefixes ${options.prefixes}: not a number from 0 to ${prefixesMax}, for at most ${prefixWorkersMax} workers`,
    });
  const volume = readVolumeOptions(options.volume, options['volume-latency']);
  const manifest = await newestManifest(outputFolder, options.image);
  const imageFile = path.join(outputFolder, manifest.image);
  const steps = createSteps();
  const { settings } = manifest;
  const { lab, keep } = await startLab({ name: options.name, settings, imageFile, steps });
  // An interrupt ends the lab with us; the supervisor sees our end of the pipe close.
  const requests = Array.from({ length: count }, (_, index) => ({
    ...{ index, imageFile, prefixCount },
    ...(volume === undefined ? {} : { volume }),
  }));
  try {
    await bootWorkers(lab, requests, steps);
  } catch (error) {
    await lab.stop();
    throw error;
  }
  keep();
  const named = options.name === 'default' ? '' : ` --name ${options.name}`;
  console.log(`use it:    npm run lab -- exec${named} -- kubectl get nodes`);
  console.log(`stop it:   npm run lab -- down${named}`);
  return 0;
};

const status = async (name: string, asJson: boolean): Promise<number> => {
  const lab = await findLab(name);
  const workers = await lab.workers();
  if (asJson) {
    console.log(JSON.stringify({ ...lab.state, folder: lab.folder, workers }, null, 2));
    return 0;
  }
  console.log(`lab        ${name}, Kubernetes ${lab.state.kubernetes}, files in ${lab.folder}`);
  for (const worker of workers) {
    const state = worker.running ? 'running' : 'ended';
    console.log(
      `${worker.name.padEnd(10)} ${worker.nodeName} ${worker.address} pods ${worker.podCidr} ${state}`,
    );
  }
  return 0;
};

const commands = ['up', 'status', 'exec', 'touched', 'down'] as const;

const main = async (): Promise<number> => {
  const parsed = (() => {
    try {
      return parseArgs({
        allowPositionals: true,
        options: {
          name: { type: 'string', default: 'default' },
          workers: { type: 'string', default: '1' },
          prefixes: { type: 'string', default: '0' },
          image: { type: 'string' },
          volume: { type: 'string', default: 'warm' },
          'volume-latency': { type: 'string' },
          worker: { type: 'string', default: 'worker-0' },
          json: { type: 'boolean', default: false },
          help: { type: 'boolean', default: false },
        },
      });
    } catch (error) {
      console.error(`lab        ${(error as Error).message}\n${usage}`);
      return undefined;
    }
  })();
  if (parsed === undefined) return 2;
  const { values, positionals } = parsed;
  const [given = '', ...rest] = positionals;
  const command = commands.find((known) => known === given);
  if (values.help || command === undefined || !/^[a-z0-9-]{1,30}$/.test(values.name)) {
    console.error(usage);
    return values.help ? 0 : 2;
  }
  switch (command) {
    case 'up':
      return up(values);
    case 'status':
      return status(values.name, values.json);
    case 'exec':
      if (rest.length === 0) {
        console.error(usage);
        return 2;
      }
      return (await findLab(values.name)).execInherited(rest);
    case 'touched':
      return showTouched(await findLab(values.name), values.worker, values.json);
    case 'down': {
      await (await findLab(values.name)).stop();
      console.log(`lab        ${values.name} is gone`);
      return 0;
    }
  }
};

await runCommand(main);
