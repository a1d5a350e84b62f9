// The chain of units that a boot waited for, from what systemctl prints.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chainOf, parseUnitTimes } from './critical-chain.ts';

const output = [
  ['kubelet.service', 'system.slice containerd.service groundup-pod-network.service', 9_000_000],
  ['containerd.service', 'local-fs.target -.mount system.slice', 6_000_000],
  ['groundup-pod-network.service', '', 0],
  ['local-fs.target', 'tmp.mount', 4_000_000],
  ['tmp.mount', 'system.slice', 3_000_000],
  ['-.mount', 'system.slice', 1_000_000],
  ['system.slice', '-.slice', 1_000_001],
  ['-.slice', '', 1_000_000],
]
  .map(
    ([id, after, active]) => `Id=${id}\nAfter=${after}\nActiveEnterTimestampMonotonic=${active}\n`,
  )
  .join('\n');

test('a unit waited for the last of those that it comes after', () => {
  assert.equal(chainOf(parseUnitTimes(output), 'kubelet.service'), [
    'kubelet.service',
    'containerd.service',
    'local-fs.target',
    'tmp.mount',
    'system.slice',
    '-.slice',
  ]);
});

test('a unit that was never active, or only after it, held nothing up', () => {
  const late = output.replace('=4000000', '=7000000');
  assert.equal(chainOf(parseUnitTimes(late), 'containerd.service'), [
    'containerd.service',
    'system.slice',
    '-.slice',
  ]);
  assert.equal(chainOf(parseUnitTimes(output), 'groundup-pod-network.service'), [
    'groundup-pod-network.service',
  ]);
});

test('a circle ends', () => {
  const circle =
    'Id=a\nAfter=b\nActiveEnterTimestampMonotonic=1\n\nId=b\nAfter=a\nActiveEnterTimestampMonotonic=1\n';
  assert.equal(chainOf(parseUnitTimes(circle), 'a'), ['a', 'b']);
});

test.run();
