// Every text of a failure: the agent says it to the letter, and the page of its class has it.
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failureClasses, type FailureClass } from '../../cloud-init/failure.ts';
import { formatCompletion } from '../../cloud-init/lifecycle-hook.ts';
import { warm } from '../../cloud-init/warm.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { faultTable } from '../cloud-init/faults/table.ts';
import { createNode, environment } from '../fakes/node.ts';
import { fillHoles } from './page.ts';
import { provoke } from './provoke.ts';
import { symptomTexts } from './symptom-texts.ts';

const folder = 'docs/symptoms';
const classes = Object.keys(failureClasses) as FailureClass[];

/** How lines of a class end. */
const outcomes: Partial<Record<FailureClass, string>> = {
  internal: 'please report it',
  services: 'the files are in place',
  'not-ready': 'the kubelet goes on trying',
};

const tries = /(?:1 try|\d+ tries(?: in \d+ s)?|<tries>)/.source;
const withoutTries = (line: string): string =>
  line.replace(new RegExp(` \\(${tries}\\)`), '').replace(new RegExp(`, ${tries}\\)`), ')');

for (const failureClass of classes)
  for (const { text, values, outcome, ...scenario } of symptomTexts[failureClass])
    test(`${failureClass}: ${text}`, () => {
      const { exitCode, shown } = provoke(scenario);
      const what = scenario.command === 'ready' ? 'NOT Ready' : 'NOT configured';
      const end = outcome ?? outcomes[failureClass] ?? 'nothing was written';
      const line = `groundup: ${what}: ${fillHoles(text, values)}${end === '' ? '' : `; ${end}`}`;
      assert.equal(shown.map(withoutTries), [line]);
      assert.is(exitCode, failureClasses[failureClass].exitCode);
    });

test('in a warm pool the same texts stand behind other words', async () => {
  const host = createNode({ imds: () => ({ status: 403 }) });
  assert.is(warm(host, environment), failureClasses.imds.exitCode);
  const begin = 'NOT watching the warm pool';
  assert.equal(host.consoleLines, [
    `groundup: ${begin}: instance metadata: http://imds answers HTTP 403: it is switched off for ` +
      'this instance; nothing was written',
  ]);
  assert.match(await readFile(inProject(folder, 'README.md'), 'utf8'), `\`${begin}: …\``);
});

test('what a hook was told', async () => {
  const text = await readFile(inProject(folder, 'README.md'), 'utf8');
  for (const completion of ['sent', 'not-waiting', { problem: '…' }] as const)
    assert.match(text, `\`${formatCompletion('ABANDON', completion)}\``);
});

for (const failureClass of classes)
  test(`the page of ${failureClass} has each text once, and no other`, async () => {
    const text = await readFile(inProject(folder, `${failureClass}.md`), 'utf8');
    const found = [...text.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, one]) => one);
    assert.equal(
      found,
      symptomTexts[failureClass].map((row) => row.text),
    );
  });

/** A text with anything in its holes. */
const patternOf = (text: string): RegExp => {
  const fixed = text.split(/<[^>]+>/).map((part) => part.replaceAll(/[^\w ]/g, String.raw`\$&`));
  return new RegExp(`^${fixed.join('.+')}$`);
};

for (const { name, fails, says = '' } of faultTable)
  if (fails !== undefined && fails !== 'user-data')
    test(`a page has what a fault of the table says: ${name}`, () => {
      const patterns = symptomTexts[fails].map(({ text }) => patternOf(text));
      assert.ok(
        patterns.some((pattern) => pattern.test(withoutTries(says))),
        says,
      );
    });

/** Where sources put the words of a failure together. */
const sayings = [
  /\b(?:BootFailure|imdsFailure|contentFailure|fail|notYet)\(([^]*?)\);/g,
  /\bagain: ([^;}]*)/g,
  /\b(?:cause|said) = ([^;]*);/g,
];

test('every fixed text of the sources is on a page', async () => {
  const read = async (place: string, end: string): Promise<string> => {
    const names = (await readdir(inProject(place))).filter((name) => name.endsWith(end));
    const texts = names.map((name) => readFile(inProject(place, name), 'utf8'));
    return (await Promise.all(texts)).join('\n');
  };
  const sources = await read('cloud-init', '.ts');
  const pages = (await read(folder, '.md')).replaceAll(/\s+/g, ' ');
  const parts = sayings
    .flatMap((saying) => [...sources.matchAll(saying)].map(([, words = '']) => words))
    .flatMap((words) => [...words.matchAll(/'([^'\n]*)'|`([^`\n]*)`/g)])
    .flatMap(([, plain = '', template = '']) => (plain + template).split(/\$\{[^}]*\}/))
    .map((part) => part.replaceAll(/^\W+|\W+$/g, ''))
    .filter((part) => part.includes(' '));
  assert.ok(parts.length > 25, `${parts.length} texts were found`);
  assert.equal(
    [...new Set(parts)].filter((part) => !pages.includes(part)),
    [],
  );
});

test.run();
