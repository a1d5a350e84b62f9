// Rows, scales and labels: the parts of the picture that can be wrong without being seen.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { labelsOf } from '../../../scripts/timeline/read.ts';
import { rowsOf } from '../../../scripts/timeline/rows.ts';
import { createScale } from '../../../scripts/timeline/scale.ts';

const boot = (label: string, timeline: Record<string, number>) => ({
  label,
  timeline: Object.fromEntries(
    Object.entries(timeline).map(([event, uptimeMs]) => [event, { uptimeMs }]),
  ),
});

test('rows are in the first boot’s order; what others have more stands in its place', () => {
  const rows = rowsOf([
    boot('a', { kernel: 0, userspace: 2000, 'network-online': 9000, 'containerd-ready': 5000 }),
    boot('b', { kernel: 0, initrd: 700, userspace: 4000, sysinit: 6000, 'network-online': 8000 }),
  ]);
  assert.equal(
    rows.map(({ event }) => event),
    ['kernel', 'initrd', 'userspace', 'sysinit', 'containerd-ready', 'network-online'],
  );
  const network = rows.at(-1)?.cells.map((cell) => [cell?.previousSeconds, cell?.seconds]);
  assert.equal(network, [
    [5, 9],
    [6, 8],
  ]);
});

const scales: [number, number, number[]][] = [
  [24.9, 12, [0, 5, 10, 15, 20, 25]],
  [25, 12, [0, 5, 10, 15, 20, 25]],
  [9.8, 12, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  [0.35, 5, [0, 0.1, 0.2, 0.3, 0.4]],
  [356, 5, [0, 100, 200, 300, 400]],
  [172_800, 12, [0, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000, 140_000, 160_000, 180_000]],
];
for (const [largest, steps, ticks] of scales)
  test(`an axis up to ${largest}`, () => {
    const scale = createScale(largest, [100, 200], steps);
    assert.equal(scale.ticks, ticks);
    assert.is(scale.at(0), 100);
    assert.is(scale.at(ticks.at(-1) ?? 0), 200);
  });

test('an axis on which nothing happens', () => {
  assert.ok(createScale(0, [0, 10], 5).ticks.every(Number.isFinite));
});

const labels: [string[], string[]][] = [
  [
    ['/a/warm.jsonl', 'cold.jsonl'],
    ['warm', 'cold'],
  ],
  [
    ['x/w-0/timeline.jsonl', 'x/w-1/timeline.jsonl'],
    ['w-0', 'w-1'],
  ],
  [
    ['a/x/t.jsonl', 'b/y/t.jsonl'],
    ['a/x', 'b/y'],
  ],
  [['-'], ['stdin']],
  [
    ['t.jsonl', 't.jsonl'],
    ['t', 't#2'],
  ],
  [
    ['a/t.jsonl', 'b/t.jsonl', 'a/t.jsonl'],
    ['a', 'b', 'a#3'],
  ],
];
for (const [files, expected] of labels)
  test(`labels of ${files.join(' ')}`, () => {
    assert.equal(labelsOf(files), expected);
  });

test.run();
