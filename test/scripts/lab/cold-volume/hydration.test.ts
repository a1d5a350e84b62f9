// First touches with a clock that the test turns: who waits, who shares, who is counted.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Hydration } from '../../../../scripts/lab/cold-volume/hydration.ts';
import type { TouchKind } from '../../../../scripts/lab/cold-volume/model.ts';

const create = (inFlightMax: number, latencyMs = 60) => {
  const sleepers: (() => void)[] = [];
  const touches: [number, TouchKind][] = [];
  const fetched: number[] = [];
  const hydration = new Hydration({
    latencyMs,
    inFlightMax,
    blockCount: 100,
    hasData: (block) => block < 50,
    fetch: async (block) => void fetched.push(block),
    sleep: () => new Promise<void>((resolve) => void sleepers.push(resolve)),
    onTouch: (block, kind) => void touches.push([block, kind]),
  });
  /** Ends the oldest `count` waits. */
  const pass = async (count: number): Promise<void> => {
    for (const wake of sleepers.splice(0, count)) wake();
    await new Promise((resolve) => void setImmediate(resolve));
  };
  return { hydration, sleepers, touches, fetched, pass };
};

test('the first touch of a block waits, later ones do not', async () => {
  const { hydration, touches, fetched, pass } = create(4);
  const wait = hydration.touch(3, 3, 'read');
  assert.ok(wait);
  await pass(1);
  await wait;
  assert.is(hydration.touch(3, 3, 'read'), undefined);
  assert.is(hydration.touch(3, 3, 'write'), undefined);
  assert.equal(touches, [[3, 'read']]);
  assert.equal(fetched, [3]);
});

test('requests for the same block share one fetch', async () => {
  const { hydration, sleepers, touches, pass } = create(4);
  const waits = [1, 2, 3].map(() => hydration.touch(7, 8, 'read'));
  assert.is(sleepers.length, 2);
  await pass(2);
  for (const wait of waits) await wait;
  assert.equal(touches, [
    [7, 'read'],
    [8, 'read'],
  ]);
});

test('what was never written costs nothing and is not counted', () => {
  const { hydration, touches } = create(4);
  assert.is(hydration.touch(50, 99, 'read'), undefined);
  assert.equal(touches, []);
});

test('a block that was written whole is not fetched', () => {
  const { hydration, touches } = create(4);
  hydration.replace(5);
  assert.is(hydration.touch(5, 5, 'read'), undefined);
  assert.equal(touches, []);
});

test('no more fetches than the bound are under way, and none is forgotten', async () => {
  const { hydration, sleepers, pass } = create(4);
  const wait = hydration.touch(0, 9, 'read');
  for (const expected of [4, 4, 4, 4, 4, 4, 4, 3, 2, 1]) {
    assert.is(sleepers.length, expected);
    await pass(1);
  }
  await wait;
  assert.is(sleepers.length, 0);
  assert.is(hydration.fetchesInFlightMax, 4);
});

test('without latency touches are counted and nobody waits', () => {
  const { hydration, touches } = create(4, 0);
  assert.is(hydration.touch(0, 2, 'read'), undefined);
  assert.is(hydration.touch(1, 3, 'write'), undefined);
  assert.equal(
    touches.map(([block]) => block),
    [0, 1, 2, 3],
  );
});

test.run();
