// Waiting for a node: Ready, never Ready, and a kernel that dies meanwhile.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { awaitReady, KernelPanic } from '../../../scripts/bench/ready.ts';
import type { WorkerStatus } from '../../../scripts/lab/protocol.ts';
import { Failure } from '../../../scripts/terminal/failure.ts';

type Watched = Parameters<typeof awaitReady>[0];

const worker: WorkerStatus = {
  name: 'worker-0',
  nodeName: 'ip-172-31-0-20',
  address: '172.31.0.20',
  podCidr: '172.20.0.0/24',
  running: true,
  consoleFile: '/nowhere/console.log',
};

/** A watch that says `lines`, and then either ends or goes on until it is killed. */
const makeLab = (lines: readonly string[], goesOn: boolean, console: string) => {
  let killed: () => void = () => undefined;
  const end = new Promise<void>((resolve) => {
    killed = resolve;
  });
  const watch = {
    kill: () => killed(),
    async *[Symbol.asyncIterator]() {
      yield* lines;
      if (goesOn) await end;
    },
  };
  const lab = { start: () => watch, consoleOf: async () => console } as unknown as Watched;
  return { lab, end };
};

test('Ready, when another node was before', async () => {
  const { lab, end } = makeLab(
    ['other True', 'ip-172-31-0-20 False', 'ip-172-31-0-20 True'],
    true,
    '',
  );
  assert.ok((await awaitReady(lab, worker)) <= performance.now());
  await end;
});

test('a kernel that dies ends the wait and the watch', async () => {
  const panic = '[ 4.2] Kernel panic - not syncing: Fatal exception in interrupt\n';
  const { lab, end } = makeLab(['ip-172-31-0-20 False'], true, panic);
  const error = await awaitReady(lab, worker).catch((caught: unknown) => caught);
  assert.instance(error, KernelPanic);
  assert.match((error as Failure).tail ?? '', 'Fatal exception');
  await end;
});

test('a watch that ends is a Failure with the end of the console', async () => {
  const { lab } = makeLab([], false, 'the last line\n');
  const error = await awaitReady(lab, worker).catch((caught: unknown) => caught);
  assert.instance(error, Failure);
  assert.not.instance(error, KernelPanic);
  assert.is((error as Failure).tail, 'the last line');
});

test.run();
