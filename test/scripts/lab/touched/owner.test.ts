// Ranges that cover a disk, and what of them a block holds.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blockBytes } from '../../../../scripts/lab/cold-volume/model.ts';
import {
  fillGaps,
  rangesWithin,
  type Owner,
  type Range,
} from '../../../../scripts/lab/touched/owner.ts';
import { folderOf, reportTouches } from '../../../../scripts/lab/touched/report.ts';
import { formatReport } from '../../../../scripts/lab/touched/text.ts';

const file = (name: string): Owner => ({ kind: 'file', name });
const range = (startBytes: number, endBytes: number, owner: Owner): Range => ({
  ...{ startBytes, endBytes, owner },
});
const metadata: Owner = { kind: 'metadata' };

test('gaps are filled, a second name of the same bytes is left out', () => {
  const ranges = [
    range(30, 40, file('/b')),
    range(10, 20, file('/a')),
    range(10, 20, file('/a-too')),
  ];
  assert.equal(fillGaps(ranges, { startBytes: 0, endBytes: 50 }, metadata), [
    range(0, 10, metadata),
    range(10, 20, file('/a')),
    range(20, 30, metadata),
    range(30, 40, file('/b')),
    range(40, 50, metadata),
  ]);
});

test('a window shows its parts, cut to it', () => {
  const ranges = fillGaps([range(10, 20, file('/a'))], { startBytes: 0, endBytes: 50 }, metadata);
  assert.equal(rangesWithin(ranges, 15, 25), [range(15, 20, file('/a')), range(20, 25, metadata)]);
  assert.equal(rangesWithin(ranges, 10, 20), [range(10, 20, file('/a'))]);
  assert.equal(rangesWithin(ranges, 50, 60), []);
});

test('folders are summed at the level that says something', () => {
  const folders = {
    '/usr/lib/x/y': '/usr/lib',
    '/usr/z': '/usr',
    '/var/lib/containerd/x': '/var/lib',
    '/boot/grub/x': '/boot',
    '/swap': '/',
  };
  for (const [name, folder] of Object.entries(folders)) assert.is(folderOf(file(name)), folder);
  assert.is(folderOf({ kind: 'folder', name: '/usr/lib' }), '/usr/lib');
  assert.is(folderOf({ kind: 'folder', name: '/' }), '/');
  assert.is(folderOf({ kind: 'journal' }), 'journal');
  assert.is(folderOf({ kind: 'partition', name: '2' }), 'partition 2');
});

test('touches in their order, a file that lies in several blocks once', () => {
  const map = fillGaps(
    [range(0, 4096, file('/etc/x')), range(blockBytes - 4096, 2 * blockBytes + 4096, file('/k'))],
    { startBytes: 0, endBytes: 3 * blockBytes },
    metadata,
  );
  const report = reportTouches(
    [
      { ms: 5, block: 1, kind: 'read' },
      { ms: 9.5, block: 0, kind: 'write' },
    ],
    map,
  );
  assert.is(report.touchedBytes, 2 * blockBytes);
  assert.equal(report.owners, [
    {
      ...{ kind: 'file', name: '/k', firstMs: 5 },
      ...{ touchedBytes: blockBytes + 4096, sizeBytes: blockBytes + 8192 },
    },
    { kind: 'file', name: '/etc/x', firstMs: 9.5, touchedBytes: 4096, sizeBytes: 4096 },
    {
      ...{ kind: 'metadata', firstMs: 9.5 },
      ...{ touchedBytes: blockBytes - 8192, sizeBytes: 2 * blockBytes - 12_288 },
    },
  ]);
  assert.equal(report.blocks[1]?.parts, [
    { kind: 'metadata', bytes: blockBytes - 8192 },
    { kind: 'file', name: '/etc/x', bytes: 4096 },
    { kind: 'file', name: '/k', bytes: 4096 },
  ]);
  const text = formatReport('worker-0', report).join('\n');
  assert.match(text, /^ {6}5 {2}read {8}1 {2}\/k 512 KiB$/m);
  assert.match(text, /^worker-0 {3}2 blocks touched, 1\.0 MiB$/m);
});

test.run();
