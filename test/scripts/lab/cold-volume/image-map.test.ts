// Holes of an image, from what `qemu-img map` says of it.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseImageMap } from '../../../../scripts/lab/cold-volume/image-map.ts';

const extent = (start: number, length: number, data: boolean, zero = !data) => ({
  ...{ start, length, depth: 0, present: true, zero, data, offset: start },
});
const kib = 1024;

test('a block holds data when any of it does', () => {
  const map = parseImageMap(
    JSON.stringify([
      extent(0, 4 * kib, true),
      extent(4 * kib, 1020 * kib, false),
      extent(1024 * kib, 516 * kib, true),
      extent(1540 * kib, 508 * kib, true, true),
      extent(2048 * kib, 100 * kib, false),
    ]),
  );
  assert.is(map.sizeBytes, 2148 * kib);
  assert.equal(
    [0, 1, 2, 3, 4, 5, 1000].map((block) => map.hasData(block)),
    [true, false, true, true, false, false, false],
  );
});

test('an image without extents is empty', () => {
  const map = parseImageMap('[]');
  assert.is(map.sizeBytes, 0);
  assert.not(map.hasData(0));
});

test.run();
