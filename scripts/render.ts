// npm run render -- FILE|- --out FOLDER: every file that a node with this user-data would write.
import { deriveNames } from '../cloud-init/derive.ts';
import { Failure } from './terminal/failure.ts';
import { runCommand } from './terminal/steps.ts';
import { withArguments } from './user-data/arguments.ts';
import { readBakedSettings, readFactsFile, readUserDataFile } from './user-data/input.ts';
import { exitCodes, formatJudgement, judge } from './user-data/judge.ts';
import { readTemplates } from './user-data/templates.ts';
import { buildTree, renderedNodeName, writeTree } from './user-data/tree.ts';

const usage = `npm run render -- FILE|- --out FOLDER [--facts FILE]
  writes what a node with this user-data would write, below a new or empty folder; in place of each
  secret's text stands which one it is
  --facts FILE   facts of the instance, as JSON, e.g. nodeName, instanceId (docs/user-data.md)
  exit codes as of check-user-data`;

const options = { out: { type: 'string' }, facts: { type: 'string' } } as const;

await runCommand(() =>
  withArguments({ step: 'render', usage, options, word: 'FILE, or -,' }, async (file, values) => {
    if (values.out === undefined)
      throw new Failure({ step: 'render', message: 'where to?', hint: '--out FOLDER' });
    const text = await readUserDataFile(file);
    const facts = await readFactsFile(values.facts);
    const judgement = judge(text, await readBakedSettings(), facts, false);
    if (judgement.request === undefined) {
      console.error(formatJudgement(judgement));
      return exitCodes[judgement.verdict];
    }
    const files = buildTree(judgement.request, facts, await readTemplates());
    await writeTree(values.out, files);
    for (const { path, mode, from } of files)
      console.log(`${mode.toString(8).padStart(4, '0')} ${path}  ${from}`);
    const { workerName } = deriveNames(judgement.request, facts.instanceId);
    const instance = `${renderedNodeName(judgement.request, facts)}, ${facts.nodeIp}`;
    console.log(`${files.length} files of ${workerName} on node ${instance}, below ${values.out}`);
    return 0;
  }),
);
