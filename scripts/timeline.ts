// npm run timeline -- FILE…: boots side by side, as text or as a page with a picture.
import { writeFile } from 'node:fs/promises';
import { formatFindings, hasErrors } from '../cloud-init/report.ts';
import { Failure } from './terminal/failure.ts';
import { runCommand } from './terminal/steps.ts';
import { bootsMax, formatPage } from './timeline/page.ts';
import { checkTimeline, labelsOf, type BootTimeline } from './timeline/read.ts';
import { formatText } from './timeline/text.ts';
import { withWords } from './user-data/arguments.ts';
import { readInput } from './user-data/input.ts';

const usage = `npm run timeline -- FILE… [--svg PAGE.html] [--text]
  shows boots side by side, from /var/lib/groundup/timeline.jsonl of nodes (- reads one from a pipe)
  --svg PAGE.html   writes one page with a picture, in place of the text
  --text            with --svg: the text, too
  exit code 0: shown, 1: a file is no timeline, 2: could not be read`;

const options = { svg: { type: 'string' }, text: { type: 'boolean' } } as const;

const readBoots = async (files: readonly string[]): Promise<BootTimeline[] | undefined> => {
  const labels = labelsOf(files);
  const boots: BootTimeline[] = [];
  let isGood = true;
  for (const [index, file] of files.entries()) {
    const text = (await readInput('timeline', file)).toString('utf8');
    const { findings, timeline } = checkTimeline(text);
    if (findings.length > 0)
      console.error(formatFindings(file === '-' ? 'stdin' : file, text, findings));
    if (timeline !== undefined) boots.push({ label: labels[index] ?? file, timeline });
    if (hasErrors(findings)) isGood = false;
  }
  return isGood ? boots : undefined;
};

const writePage = async (file: string, page: string): Promise<void> => {
  try {
    await writeFile(file, page, { mode: 0o644 });
  } catch (error) {
    const { message } = error as Error;
    throw new Failure({ step: 'timeline', message: `${file}: ${message}`, cause: error });
  }
};

await runCommand(() =>
  withWords(
    { step: 'timeline', usage, options, word: 'FILE, or -,', wordsMax: bootsMax },
    async (files, { svg, text }) => {
      const boots = await readBoots(files);
      if (boots === undefined) return 1;
      if (svg === undefined || text === true) console.log(formatText(boots));
      if (svg === undefined) return 0;
      await writePage(svg, formatPage(boots));
      console.log(`${boots.length === 1 ? 'one boot' : `${boots.length} boots`} drawn in ${svg}`);
      return 0;
    },
  ),
);
