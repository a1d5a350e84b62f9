// Percentiles, targets, the shared quota and the order of a herd, without processes.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figuresOf, formatFigures, percentile, targetsOf } from '../../../scripts/herd/figures.ts';
import type { HerdNode } from '../../../scripts/herd/node.ts';
import { runInOrder } from '../../../scripts/herd/schedule.ts';
import { createTokenBucket } from '../../../scripts/lab/token-bucket.ts';

test('a percentile is one of the values', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.equal(
    [1, 50, 99, 100].map((percent) => percentile(values, percent)),
    [2, 100, 198, 200],
  );
  assert.is(percentile([7], 50), 7);
});

test('a bucket is full at first, and fills up again to one second', () => {
  const bucket = createTokenBucket(3);
  const taken = (nowMs: number, count: number) =>
    Array.from({ length: count }, () => bucket.take(nowMs)).filter(Boolean).length;
  assert.is(taken(0, 5), 3);
  assert.is(taken(400, 5), 1);
  assert.is(taken(300, 1), 0, 'time does not run back');
  assert.is(taken(60_000, 9), 3);
});

test('a target that is missed is named', () => {
  const calls = [
    { all: 1, throttled: 0 },
    { all: 6, throttled: 5 },
  ];
  const figures = figuresOf([300, 13_000], [0, 6], calls, 280);
  assert.equal(
    targetsOf(figures).map(({ isMet }) => isMet),
    [false, false, false],
  );
  assert.match(formatFigures(figures), 'p99, seconds: 13.00, at most 12: MISSED');
  assert.match(formatFigures(figures), 'configured 1 of 2');
});

test('who is behind goes first, and never more than so many at once', async () => {
  const order: string[] = [];
  let running = 0;
  const makeNode = (name: string, sleeps: number[]): HerdNode => {
    const node: HerdNode = {
      nowMs: 0,
      programs: 0,
      kill: () => {},
      proceed: async () => {
        running += 1;
        assert.ok(running <= 2);
        order.push(`${name} ${node.nowMs}`);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        running -= 1;
        const untilMs = sleeps.shift();
        if (untilMs === undefined) return { exitCode: 0, journal: name };
        node.nowMs = untilMs;
        return { untilMs };
      },
    };
    return node;
  };
  const nodes = [makeNode('a', [50]), makeNode('b', [20, 90]), makeNode('c', [])];
  const ends = await runInOrder(nodes, 1, () => {});
  assert.equal(order, ['a 0', 'b 0', 'c 0', 'b 20', 'a 50', 'b 90']);
  assert.equal(
    ends.map(({ journal }) => journal),
    ['a', 'b', 'c'],
  );
  await runInOrder([makeNode('d', [5]), makeNode('e', [3]), makeNode('f', [])], 2, () => {});
});

test.run();
