// npm run explain -- PATH|FLAG|KEY: where a line of a node's configuration comes from.
import { explain } from './explain/answer.ts';
import { Failure } from './terminal/failure.ts';
import { formatFailure, runCommand } from './terminal/steps.ts';
import { exitCodeUsage } from './user-data/arguments.ts';
import { readBakedSettings } from './user-data/input.ts';

const usage = `npm run explain -- PATH|FLAG|KEY
  says where a file, a flag or a key of a node comes from, and what it replaces; for example
  /var/lib/kubelet/kubelet-config.yaml, --node-ip, maxPods, pod-cidr, --network-plugin`;

/** Not parsed as options: the word may be a flag of the kubelet. */
const [word, ...others] = process.argv.slice(2);

const main = async (): Promise<number> => {
  if (word === '--help') {
    console.log(usage);
    return 0;
  }
  if (word === undefined || others.length > 0) {
    console.error(`explain    one PATH, FLAG or KEY is needed\n${usage}`);
    return exitCodeUsage;
  }
  try {
    const answer = await explain(word, await readBakedSettings());
    if ('text' in answer) {
      console.log(answer.text);
      return 0;
    }
    const meant = answer.nearest === undefined ? '' : `; did you mean ${answer.nearest}?`;
    console.error(`explain    nothing on a node is called ${word}${meant}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(formatFailure(error));
  }
  return exitCodeUsage;
};

await runCommand(main);
