// Arguments of a command -> values and words, or the line that says what is wrong with them.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Failure } from '../terminal/failure.ts';
import { formatFailure } from '../terminal/steps.ts';

/** EX_USAGE of sysexits.h would be 64; 2 is what users of shells know. */
export const exitCodeUsage = 2;

type Parsed<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ allowPositionals: true; options: Options }>
>;

interface Command<Options extends ParseArgsOptionsConfig> {
  step: string;
  usage: string;
  options: Options;
  /** What a word of the command line is. */
  word: string;
}

/**
 * Runs `work` with the words, at least one, and the options; `--help` prints the usage. A command line
 * that can't be understood, or a file that can't be read, exits with 2.
 */
export const withWords = async <Options extends ParseArgsOptionsConfig>(
  command: Command<Options> & { wordsMax: number },
  work: (words: readonly string[], values: Parsed<Options>['values']) => Promise<number>,
): Promise<number> => {
  const { step, usage, options, word, wordsMax } = command;
  const wrong = (fault: string): number => {
    console.error(`${step.padEnd(10)} ${fault}\n${usage}`);
    return exitCodeUsage;
  };
  let parsed: Parsed<Options>;
  try {
    const args = process.argv.slice(2);
    if (args.includes('--help')) {
      console.log(usage);
      return 0;
    }
    parsed = parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    return wrong((error as Error).message.split('. ')[0] ?? '');
  }
  const { positionals } = parsed;
  if (positionals.length === 0 || (wordsMax === 1 && positionals.length > 1))
    return wrong(`one ${word} is needed`);
  if (positionals.length > wordsMax) return wrong(`at most ${wordsMax} of ${word} can be given`);
  try {
    return await work(positionals, parsed.values);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(formatFailure(error));
    return exitCodeUsage;
  }
};

/** The same with one word. */
export const withArguments = <Options extends ParseArgsOptionsConfig>(
  command: Command<Options>,
  work: (word: string, values: Parsed<Options>['values']) => Promise<number>,
): Promise<number> =>
  withWords({ ...command, wordsMax: 1 }, ([word = ''], values) => work(word, values));
