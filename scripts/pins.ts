// npm run pins -- verify|bump|urls: checks and changes images/pins.yaml.
import { parseArgs } from 'node:util';
import { bumpGo, bumpPin } from './image/pin-bump.ts';
import { pinnedFiles } from './image/pin-files.ts';
import { verifyPins } from './image/pin-verify.ts';
import { nearestWord } from '../cloud-init/nearest.ts';
import { componentNames, readPins, type ComponentName } from './image/pins.ts';
import { Failure } from './terminal/failure.ts';
import { createSteps, runCommand } from './terminal/steps.ts';

const usage = `npm run pins -- verify [COMPONENT]
    compares every pin with the published sha256 and with the download in the cache
    exit code 0: all agree, 1: one does not, 3: some could not be asked for
npm run pins -- bump COMPONENT VERSION [--checksums FILE]
    pins another version: sha256 from the project's own checksum files (or from a JSON file),
    go.mod and go.sum in images/modules; COMPONENT go pins the Go toolchain
npm run pins -- urls [COMPONENT]
    prints the addresses of all pinned release files, to fill a mirror:
    npm run --silent pins -- urls | wget --force-directories --input-file=-

components: ${componentNames.join(', ')}`;

/** The command line can't be understood: the usage answers it, with exit code 2. */
class UsageError extends Error {}

const componentFrom = (word: string): ComponentName => {
  const found = componentNames.find((name) => name === word);
  if (found) return found;
  const nearest = nearestWord(word, componentNames);
  const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw new Failure({
    step: 'pins',
    message: `${word} is not a component${meant}`,
    hint: `components: ${componentNames.join(', ')}`,
  });
};

const bump = async (
  [word, version, ...rest]: readonly string[],
  checksums: string | undefined,
): Promise<number> => {
  if (word === undefined || version === undefined || rest.length > 0) {
    throw new UsageError('bump needs a component and a version');
  }
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Failure({
      step: 'pins',
      message: `${version} is not a version of three numbers`,
      hint: 'without a v, e.g. 1.37.1',
    });
  }
  const steps = createSteps();
  if (word === 'go') {
    await bumpGo(version, steps);
    return 0;
  }
  const component = componentFrom(word);
  await bumpPin({ component, version, steps, ...(checksums === undefined ? {} : { checksums }) });
  return 0;
};

const main = async (): Promise<number> => {
  const { positionals, values } = (() => {
    try {
      return parseArgs({
        allowPositionals: true,
        options: { checksums: { type: 'string' }, help: { type: 'boolean' } },
      });
    } catch (error) {
      throw new UsageError((error as Error).message.split('. ')[0]);
    }
  })();
  const [command, ...rest] = positionals;
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (command === 'bump') return bump(rest, values.checksums);
  if (command !== 'verify' && command !== 'urls') {
    throw new UsageError(
      command === undefined ? 'what to do?' : `${command} is not verify, bump or urls`,
    );
  }
  if (rest.length > 1 || values.checksums !== undefined) {
    throw new UsageError(`${command} takes one component at most`);
  }
  const only = rest[0] === undefined ? undefined : componentFrom(rest[0]);
  const pins = await readPins();
  if (command === 'verify') return verifyPins(pins, only, createSteps());
  for (const { url } of pinnedFiles(pins, only)) console.log(url);
  return 0;
};

await runCommand(async () => {
  try {
    return await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`pins       ${error.message}\n${usage}`);
    return 2;
  }
});
