// npm run timeline as its users run it: text, page, findings and exit codes.
import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../../scripts/project/paths.ts';

const goldenFolder = inProject('test/scripts/timeline/golden');
const isUpdate = process.env['GOLDEN_UPDATE'] === '1';
const folder = await mkdtemp(path.join(tmpdir(), 'groundup-timeline-'));

const run = async (args: readonly string[], input = '') => {
  const script = inProject('scripts/timeline.ts');
  const result = await execa(process.execPath, [script, ...args], {
    cwd: folder,
    input,
    reject: false,
    timeout: 60_000,
    env: { NO_COLOR: '1' },
  });
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
};

const golden = (name: string): string => path.join(goldenFolder, name);
const [warm, cold, failed] = ['warm', 'cold', 'failed'].map((name) => golden(`${name}.jsonl`)) as [
  string,
  string,
  string,
];

const assertGolden = async (name: string, text: string): Promise<void> => {
  if (isUpdate) await writeFile(golden(name), text);
  assert.is(text, await readFile(golden(name), 'utf8'), `GOLDEN_UPDATE=1 writes ${name} again`);
};

const texts: [string, string[]][] = [
  ['one.txt', [warm]],
  ['three.txt', [warm, cold, failed]],
];
for (const [name, files] of texts)
  test(`text: ${name}`, async () => {
    const { exitCode, stdout, stderr } = await run(files);
    assert.is(exitCode, 0, stderr);
    assert.is(stderr, '');
    await assertGolden(name, `${stdout}\n`);
  });

const pages: [string, string[]][] = [
  ['one.html', [warm]],
  ['three.html', [warm, cold, failed]],
];
for (const [name, files] of pages)
  test(`page: ${name}`, async () => {
    const page = path.join(folder, name);
    const { exitCode, stdout, stderr } = await run([...files, '--svg', page]);
    assert.is(exitCode, 0, stderr);
    assert.match(stdout, ` drawn in ${page}`);
    assert.is((await stat(page)).mode & 0o777, 0o644);
    await assertGolden(name, await readFile(page, 'utf8'));
  });

test('a page needs nothing else, and both colour schemes are in it', async () => {
  const page = await readFile(golden('three.html'), 'utf8');
  // The name of SVG's own language is the only address.
  const addresses = [...page.matchAll(/https?:[^"' )]*/g)].map(([address]) => address);
  assert.equal(addresses, ['http://www.w3.org/2000/svg']);
  assert.not.match(page, /<(?:script|link|img|image|use)\b|@import|url\(/);
  assert.match(page, 'prefers-color-scheme:dark');
});

test('six boots, and no more', async () => {
  const files = Array.from({ length: 6 }, () => warm);
  const page = path.join(folder, 'six.html');
  const six = await run([...files, '--svg', page, '--text']);
  assert.is(six.exitCode, 0, six.stderr);
  assert.match(six.stdout, 'warm#6');
  assert.match(await readFile(page, 'utf8'), 'class="boot-5"');
  const seven = await run([...files, cold]);
  assert.is(seven.exitCode, 2);
  assert.match(seven.stderr, 'timeline   at most 6 of FILE, or -, can be given');
});

test('files of one name are told apart by their folders', async () => {
  for (const name of ['worker-0', 'worker-1']) {
    await mkdir(path.join(folder, name), { recursive: true });
    await writeFile(path.join(folder, name, 'timeline.jsonl'), await readFile(warm));
  }
  const { stdout } = await run(['worker-0/timeline.jsonl', 'worker-1/timeline.jsonl']);
  assert.match(stdout.split('\n')[0] ?? '', /^ +worker-0 +worker-1$/);
});

test('from a pipe', async () => {
  const { exitCode, stdout } = await run(['-'], await readFile(warm, 'utf8'));
  assert.is(exitCode, 0);
  assert.match(stdout.split('\n')[0] ?? '', /^ +stdin$/);
});

test('what a label has that markup would obey is shown as it is', async () => {
  const file = path.join(folder, '<b>&"x".jsonl');
  await writeFile(file, await readFile(warm));
  await run([file, '--svg', 'escaped.html']);
  const page = await readFile(path.join(folder, 'escaped.html'), 'utf8');
  assert.match(page, '&lt;b&gt;&amp;&quot;x&quot;: Ready after');
  assert.not.match(page, '<b>&');
});

const line = '{"event":"kernel","uptimeMs":0}';
const faults: [string, string, number, string][] = [
  [
    'torn',
    `${line}\n{"event":"userspace","upt`,
    0,
    `warning[torn-line] stdin:2:1 the last line is cut short; it is passed over
  {"event":"userspace","upt
  ~~~~~~~~~~~~~~~~~~~~~~~~~`,
  ],
  [
    'another form',
    `${line}\nnode Ready\n{"event":"registered"}\n`,
    1,
    `error[not-json] stdin:2:1 each line is one JSON object; this one is none
  node Ready
  ~~~~~~~~~~
  hint: it is /var/lib/groundup/timeline.jsonl of a node
error[no-moment] stdin:3:1 a line has the name of an event and uptimeMs, a number; this one has not
  {"event":"registered"}
  ~~~~~~~~~~~~~~~~~~~~~~`,
  ],
  [
    'an unknown event, and one twice',
    `${line}\n{"event":"node-redy","uptimeMs":9}\n${line}\n`,
    0,
    `warning[unknown-event] stdin:2:1 node-redy is no event that this version knows; it is passed over
  {"event":"node-redy","uptimeMs":9}
  ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
  hint: did you mean node-ready?
warning[duplicate-event] stdin:3:1 kernel was there before; the first line counts
  ${line}
  ${'~'.repeat(line.length)}`,
  ],
  [
    'no timeline',
    'name=worker-0|pod-cidr=172.20.0.0/24\n\n',
    1,
    `error[no-timeline] stdin:1:1 no line is an event of a boot
  name=worker-0|pod-cidr=172.20.0.0/24
  ${'~'.repeat(36)}
  hint: it is /var/lib/groundup/timeline.jsonl of a node`,
  ],
  [
    'nothing',
    '',
    1,
    `error[no-timeline] stdin:1:1 the file is empty
  hint: it is /var/lib/groundup/timeline.jsonl of a node`,
  ],
  ['no text at all', '\u0000\u0001\u00FF'.repeat(400), 1, 'error[no-timeline] stdin:1:1 no line'],
  ['JSON that is no object', 'null\n7\n[]\n', 1, 'error[no-timeline] stdin:1:1 no line'],
];
for (const [name, input, exitCode, says] of faults)
  test(`a file with a fault: ${name}`, async () => {
    const result = await run(['-'], input);
    assert.is(result.exitCode, exitCode, result.stderr);
    assert.ok(result.stderr.startsWith(says), result.stderr);
    assert.is(result.stdout === '', exitCode === 1);
  });

test('what cannot be read, written or understood', async () => {
  const none = await run(['none.jsonl']);
  assert.equal([none.exitCode, none.stderr], [2, 'timeline   none.jsonl: there is no such file']);
  const page = await run([warm, '--svg', '/nowhere/page.html']);
  assert.is(page.exitCode, 2);
  assert.match(page.stderr, 'timeline   /nowhere/page.html: ENOENT');
  const without = await run([]);
  assert.is(without.exitCode, 2);
  assert.match(without.stderr, /^timeline   one FILE, or -, is needed\n/);
  const unknown = await run([warm, '--png', 'a']);
  assert.is(unknown.exitCode, 2);
  assert.match(unknown.stderr, "Unknown option '--png'");
  const help = await run(['--help']);
  assert.is(help.exitCode, 0);
  assert.match(help.stdout, 'npm run timeline -- FILE…');
});

test.after(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.run();
