// npm run fuzz: random inputs for the agent's properties, until one breaks or the runs are done.
import { parseArgs } from 'node:util';
import { properties } from '../test/cloud-init/fuzz/properties.ts';
import { tryProperty, type Broken } from '../test/cloud-init/fuzz/run.ts';
import { createSteps, runCommand } from './terminal/steps.ts';

const usage = `npm run fuzz [-- OPTIONS]
  --runs N         inputs in all, spread over the properties (default 10000)
  --seed N         the same seed tries the same inputs (default: another one each time)
  --property NAME  only this one: ${Object.keys(properties).join(', ')}
  --path PATH      only the input at this place, as a failure names it; needs --seed and --property`;

/** Between two of these the elapsed time is shown; each has a seed of its own. */
const chunkRuns = 2000;

const readOptions = () => {
  try {
    return parseArgs({
      options: {
        runs: { type: 'string', default: '10000' },
        seed: { type: 'string' },
        property: { type: 'string' },
        path: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`fuzz       ${(error as Error).message}`);
    return undefined;
  }
};

type Options = NonNullable<ReturnType<typeof readOptions>>;

const isRight = ({ runs, seed, property, path }: Options): boolean =>
  /^[1-9]\d{0,9}$/.test(runs) &&
  (seed === undefined || /^-?\d{1,10}$/.test(seed)) &&
  (property === undefined || Object.hasOwn(properties, property)) &&
  (path === undefined || (/^[\d:]+$/.test(path) && seed !== undefined && property !== undefined));

const formatBroken = ({ property, input, message, seed, path }: Broken): string =>
  [
    `fuzz       ${property} does not hold: ${message}`,
    `           smallest input: ${JSON.stringify(input)}`,
    `           again: npm run fuzz -- --property ${property} --seed ${seed} --path ${path}`,
    `           hint: keep the input in test/cloud-init/corpus/, so that npm test tries it for ever`,
  ].join('\n');

/** A chunk at a time, so that the time is shown meanwhile and an interrupt is heard. */
const runProperty = async (
  property: string,
  runs: number,
  seed: number,
  show: (text: string) => void,
): Promise<Broken | undefined> => {
  for (let done = 0; done < runs; done += chunkRuns) {
    const chunk = Math.min(chunkRuns, runs - done);
    const broken = tryProperty({ property, runs: chunk, seed: seed + done / chunkRuns });
    if (broken !== undefined) return broken;
    show(`${done + chunk} of ${runs}`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return undefined;
};

const fuzz = async (names: readonly string[], runs: number, seed: number): Promise<number> => {
  const steps = createSteps();
  steps.line('fuzz', `${runs} inputs, seed ${seed}`);
  const each = Math.ceil(runs / names.length);
  for (const name of names) {
    const broken = await steps.run(
      name,
      `0 of ${each}`,
      (step) => runProperty(name, each, seed, (text) => step.update(text)),
      (found) => (found === undefined ? `${each} inputs: it holds` : 'BROKEN'),
    );
    if (broken === undefined) continue;
    console.error(formatBroken(broken));
    return 1;
  }
  return 0;
};

await runCommand(async () => {
  const options = readOptions();
  if (options === undefined || !isRight(options)) {
    console.error(usage);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31));
  const { property, path } = options;
  if (property !== undefined && path !== undefined) {
    const broken = tryProperty({ property, runs: 1, seed, path });
    console.log(broken === undefined ? 'fuzz       it holds' : formatBroken(broken));
    return broken === undefined ? 0 : 1;
  }
  const names = property === undefined ? Object.keys(properties) : [property];
  return fuzz(names, Number(options.runs), seed);
});
