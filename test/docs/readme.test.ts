// README.md: the commands before a boot do what their lines say, in the order of the page.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../scripts/project/paths.ts';
import { soundFiles, withFolder } from '../fakes/secret-folder.ts';
import { readFences } from './page.ts';

const fences = (await readFences('README.md')).map(({ text }) => text);
const userData = fences.find((text) => text.startsWith('name='))?.trim();
const commands = (fences.find((text) => text.includes('check-user-data')) ?? '')
  .trim()
  .split('\n')
  .map((line) => line.replace(/ {2,}#.*/, '').split(' '));

const run = async (words: readonly string[], folder: string, certificates: string) => {
  const [npm, verb, command = '', dashes, ...rest] = words;
  assert.equal([npm, verb, dashes], ['npm', 'run', '--']);
  const args = rest.map((word) => {
    if (word === 'certificates') return certificates;
    return ['user-data.txt', 'tree'].includes(word) ? path.join(folder, word) : word;
  });
  const options = { cwd: inProject('.'), reject: false, timeout: 60_000 } as const;
  return execa('sh', ['scripts/run.sh', command, ...args], options);
};

test('every command of the page', () =>
  withFolder(soundFiles(), async (certificates) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'groundup-readme-'));
    try {
      assert.ok(userData);
      await writeFile(path.join(folder, 'user-data.txt'), userData);
      const said: string[] = [];
      for (const words of commands) {
        const { exitCode, stdout, stderr } = await run(words, folder, certificates);
        assert.is(exitCode, 0, stderr);
        said.push(stdout);
      }
      assert.match(said[0] ?? '', 'worker-0');
      assert.match(said[1] ?? '', `below ${path.join(folder, 'tree')}`);
      assert.match(said[2] ?? '', 'cloud-init/templates/kubelet-config.yaml.mustache');
      assert.match(said[3] ?? '', 'worker-10 ');
      assert.is(said.length, 4);
    } finally {
      await rm(folder, { recursive: true });
    }
  }));

test.run();
