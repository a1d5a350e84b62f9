// What is kept of an image's boots, and which image a later one is compared with.
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  isWhole,
  lastRecorded,
  recordOf,
  recordRun,
  writeRun,
} from '../../../scripts/bench/record.ts';
import { bootsOf, fullBoots, readyIn, runOf } from './boots.ts';

const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-record-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

test('a run gives every figure that has a budget', () => {
  const record = recordOf(runOf(fullBoots()));
  assert.equal(record.figures, {
    'touched-mib': 110,
    'read-mib': 200,
    processes: 90,
    packages: 150,
    'used-mib': 700,
    'floor-ratio': 0.48,
    'cold-ratio': 29.5 / 27.5,
  });
  assert.is(record.floorSeconds, 50);
});

test('what was not booted is absent', () => {
  const warm = recordOf(runOf(readyIn('c', 'warm', [24])));
  assert.equal(Object.keys(warm.figures).toSorted(), [
    'packages',
    'processes',
    'read-mib',
    'touched-mib',
    'used-mib',
  ]);
  assert.is(warm.floorSeconds, undefined);
  assert.equal(Object.keys(warm.timelines), ['warm']);
  const other = recordOf(runOf(fullBoots(), { latencyMs: 20 }));
  assert.is(other.figures['cold-ratio'], undefined, 'its budget is for 60 ms');
});

test('the cold boot counts for what is read', () => {
  const boots = [
    ...bootsOf('c', 'warm', [{ touchedMib: 100 }]),
    ...bootsOf('c', 'cold', [{ touchedMib: 112, timeline: [{ event: 'kernel', uptimeMs: 0 }] }]),
  ];
  const { figures, timelines } = recordOf(runOf(boots));
  assert.is(figures['touched-mib'], 112);
  assert.equal(timelines.cold, [{ event: 'kernel', uptimeMs: 0 }]);
  assert.ok(isWhole(runOf(boots)));
  assert.not.ok(isWhole(runOf(boots.slice(1))));
});

test('the last recorded image is another one; without any it is the committed run', () =>
  inFolder(async (folder) => {
    const fallback = path.join(folder, 'committed.json');
    const last = async () => (await lastRecorded(folder, 'new.qcow2', fallback))?.image;
    assert.is(await last(), undefined);
    await writeRun(fallback, runOf(fullBoots(), { image: 'committed.qcow2' }));
    assert.is(await last(), 'committed.qcow2');
    const old = await recordRun(folder, runOf(fullBoots(), { image: 'old.qcow2' }));
    const older = await recordRun(folder, runOf(fullBoots(), { image: 'older.qcow2' }));
    await utimes(older, 1, 1);
    await recordRun(folder, runOf(fullBoots(), { image: 'new.qcow2' }));
    assert.is(await last(), 'old.qcow2');
    assert.is((await stat(old)).mode & 0o777, 0o644);
    await writeFile(old, '{"runVersion":0}', { mode: 0o644 });
    assert.is(await last(), 'older.qcow2');
    assert.equal(
      (await readdir(folder)).filter((name) => name.endsWith('.new')),
      [],
    );
  }));

test.run();
