// npm run check-user-data -- FILE|-: what a node would say to this user-data, before it boots.
import { runCommand } from './terminal/steps.ts';
import { withArguments } from './user-data/arguments.ts';
import { readBakedSettings, readFactsFile, readUserDataFile } from './user-data/input.ts';
import { exitCodes, formatJson, formatJudgement, judge } from './user-data/judge.ts';

const usage = `npm run check-user-data -- FILE|- [OPTIONS]
  checks user-data (- reads it from a pipe) as the node does, against images/worker.yaml
  --strict       warnings count as errors
  --facts FILE   facts of the instance, as JSON, e.g. vpcRanges, lifecycleState (docs/user-data.md)
  --json         one object: verdict, values, findings
  exit code 0: for groundup and valid, 1: refused, 3: not for groundup, 2: could not be read`;

const options = {
  strict: { type: 'boolean' },
  facts: { type: 'string' },
  json: { type: 'boolean' },
} as const;

await runCommand(() =>
  withArguments(
    { step: 'user-data', usage, options, word: 'FILE, or -,' },
    async (file, values) => {
      const text = await readUserDataFile(file);
      const [settings, facts] = [await readBakedSettings(), await readFactsFile(values.facts)];
      const judgement = judge(text, settings, facts, values.strict === true);
      console.log(values.json === true ? formatJson(judgement) : formatJudgement(judgement));
      return exitCodes[judgement.verdict];
    },
  ),
);
