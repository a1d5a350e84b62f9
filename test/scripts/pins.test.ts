// The command `npm run pins`: usage, near misses, addresses.
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../scripts/project/paths.ts';

const run = async (...args: string[]): Promise<{ exitCode: number; all: string }> => {
  const command = [inProject('scripts/pins.ts'), ...args];
  const result = await execa(process.execPath, command, { all: true, reject: false });
  return { exitCode: result.exitCode ?? -1, all: result.all };
};
const firstLine = async (...args: string[]): Promise<[number, string]> => {
  const { exitCode, all } = await run(...args);
  return [exitCode, all.split('\n')[0] ?? ''];
};

test('the command: usage, near misses, addresses', async () => {
  assert.equal(await firstLine(), [2, 'pins       what to do?']);
  assert.equal(await firstLine('--foo'), [2, "pins       Unknown option '--foo'"]);
  assert.equal(await firstLine('bump', 'runc'), [
    2,
    'pins       bump needs a component and a version',
  ]);
  assert.equal(await firstLine('bump', 'conainerd', '1.2.3'), [
    1,
    'pins       conainerd is not a component; did you mean containerd?',
  ]);
  assert.equal(await firstLine('bump', 'runc', 'v1.5.2'), [
    1,
    'pins       v1.5.2 is not a version of three numbers',
  ]);
  const urls = await run('urls', 'runc');
  assert.equal(urls.all.split('\n'), [
    'https://github.com/opencontainers/runc/releases/download/v1.5.1/runc.amd64',
    'https://github.com/opencontainers/runc/releases/download/v1.5.1/runc.arm64',
  ]);
  assert.match((await run('--help')).all, /^npm run pins -- verify \[COMPONENT\]\n/);
});

test.run();
