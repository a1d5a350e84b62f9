// npm run bench:herd: first boots of many nodes at once, against Secrets Manager with AWS's quota.
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { fs, os, path } from 'zx';
import { figuresOf, formatFigures, targetsOf, type HerdFigures } from './herd/figures.ts';
import { createNode, type HerdNode } from './herd/node.ts';
import { runInOrder } from './herd/schedule.ts';
import { startServices } from './herd/services.ts';
import { bundleAgent } from './image/agent.ts';
import { debianPrograms } from './image/debian-programs.ts';
import { bakedSettings, makeFields, makeRoot } from './lab/loopback-node.ts';
import { secretsManagerRates } from './lab/token-bucket.ts';
import { inProject } from './project/paths.ts';
import { Failure } from './terminal/failure.ts';
import { createSteps, runCommand } from './terminal/steps.ts';

const usage = `npm run bench:herd [-- OPTIONS]
  --nodes N    nodes that start at the same moment (default 1000)
  --rate N     batch reads that Secrets Manager serves in a second (default 100, AWS's quota); a
               tenth of both is a herd of the same density
  --check      exit code 1 when a target is missed
  --json FILE  also write every figure there`;

/** More than processors, as each waits for others' answers. */
const atOnce = os.availableParallelism() + 2;

/** The agent as an image has it, but for where it gets QuickJS's `os` from. */
const bundleWithClock = async (folder: string): Promise<string> => {
  const bundle = path.join(folder, 'agent.mjs');
  await bundleAgent(folder);
  const text = await fs.readFile(bundle, 'utf8');
  const led = text.replaceAll(/(from\s*)"os"/g, '$1"./clock.mjs"');
  if (led === text) throw new Error('the bundle does not import os');
  await fs.writeFile(bundle, led);
  await build({
    entryPoints: [inProject('scripts/herd/clock.ts')],
    outfile: path.join(folder, 'clock.mjs'),
    format: 'esm',
    logLevel: 'silent',
  });
  return bundle;
};

interface Herd {
  folder: string;
  bundle: string;
  programsFolder: string;
  fields: Awaited<ReturnType<typeof makeFields>>;
}

interface Boots {
  figures: HerdFigures;
  nodes: HerdNode[];
  elapsedMs: number;
}

const boot = async (
  { bundle, programsFolder, fields }: Herd,
  count: number,
  alone: { programMs: number; aloneMs: number; perSecond: number },
  show: (text: string) => void,
): Promise<Boots> => {
  const roots: string[] = [];
  const nodes: HerdNode[] = [];
  const services = await startServices(nodes, count, fields, alone.perSecond);
  try {
    for (let index = 0; index < count; index += 1) {
      const root = await makeRoot();
      roots.push(root);
      const imdsUrl = `${services.imdsUrl}/${index}`;
      const { secretsUrl } = services;
      const { programMs } = alone;
      nodes.push(createNode({ root, bundle, programsFolder, imdsUrl, secretsUrl, programMs }));
    }
    const startedMs = performance.now();
    const ends = await runInOrder(nodes, atOnce, (ended) => show(`${ended} of ${count} booted`));
    const elapsedMs = performance.now() - startedMs;
    const failed = ends.filter(({ exitCode }) => exitCode !== 0);
    const tail = failed.slice(0, 5).map(({ journal }) => journal.trim());
    if (failed.length > 0) console.error(tail.join('\n'));
    const times = nodes.map(({ nowMs }) => nowMs);
    const exitCodes = ends.map(({ exitCode }) => exitCode);
    const figures = figuresOf(times, exitCodes, services.calls, alone.aloneMs);
    return { figures, nodes, elapsedMs };
  } finally {
    for (const node of nodes) node.kill();
    await services.close();
    for (const root of roots) await fs.rm(root, { recursive: true, force: true });
  }
};

/** What a boot takes that waits for nobody, from a few of them: the shortest counts. */
const measureAlone = async (herd: Herd): Promise<{ programMs: number; aloneMs: number }> => {
  let best = { programMs: Infinity, aloneMs: Infinity };
  for (let run = 0; run < 5; run += 1) {
    const { figures, nodes, elapsedMs } = await boot(
      herd,
      1,
      { programMs: 0, aloneMs: 0, perSecond: 100 },
      () => {},
    );
    const programs = nodes[0]?.programs ?? 0;
    if (figures.configured !== 1 || programs === 0)
      throw new Failure({ step: 'agent', message: 'a single boot failed' });
    if (elapsedMs < best.aloneMs) best = { programMs: elapsedMs / programs, aloneMs: elapsedMs };
  }
  return best;
};

const bench = async (
  count: number,
  perSecond: number,
  jsonFile: string | undefined,
  isChecked: boolean,
): Promise<number> => {
  const steps = createSteps();
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'groundup-herd-'));
  try {
    const herd = {
      folder,
      bundle: await bundleWithClock(folder),
      programsFolder: await debianPrograms(),
      fields: await makeFields(folder, 'ip-172-31-0-20', `${bakedSettings.cluster}-worker-0`),
    };
    const alone = await steps.run(
      'alone',
      'one boot at a time',
      () => measureAlone(herd),
      ({ aloneMs }) => `a boot that waits for nobody: ${Math.round(aloneMs)} ms`,
    );
    const { figures } = await steps.run(
      'herd',
      `0 of ${count} booted`,
      (step) => boot(herd, count, { ...alone, perSecond }, (text) => step.update(text)),
      () => `${count} nodes started at the same moment, ${perSecond} reads a second`,
    );
    console.log(formatFigures(figures));
    if (jsonFile !== undefined)
      await fs.writeJson(jsonFile, { perSecond, ...figures }, { spaces: 2 });
    return isChecked && targetsOf(figures).some(({ isMet }) => !isMet) ? 1 : 0;
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
};

const main = async (): Promise<number> => {
  const parsed = (() => {
    try {
      return parseArgs({
        options: {
          nodes: { type: 'string', default: '1000' },
          rate: { type: 'string', default: String(secretsManagerRates.BatchGetSecretValue) },
          check: { type: 'boolean', default: false },
          json: { type: 'string' },
          help: { type: 'boolean', default: false },
        },
      }).values;
    } catch (error) {
      console.error(`bench      ${(error as Error).message}`);
      return undefined;
    }
  })();
  if (
    parsed === undefined ||
    ![parsed.nodes, parsed.rate].every((text) => /^[1-9]\d{0,3}$/.test(text))
  ) {
    console.error(usage);
    return 2;
  }
  if (parsed.help) {
    console.log(usage);
    return 0;
  }
  return bench(Number(parsed.nodes), Number(parsed.rate), parsed.json, parsed.check);
};

await runCommand(main);
