// Which Packer of PATH is taken.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findPacker, isNewEnough, parsePackerVersion } from '../../../scripts/image/packer-find.ts';

test('versions', () => {
  assert.is(parsePackerVersion('Packer v1.16.0\n'), '1.16.0');
  assert.is(parsePackerVersion('cracklib-packer: usage'), undefined);
  assert.equal(['1.10.0', '2.0.0', '1.9.5'].map(isNewEnough), [true, true, false]);
});

test('a new one is taken; an old one and another program of that name are not', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-packer-'));
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}:${before}`;
  try {
    for (const [says, version] of [
      ['Packer v1.16.0', '1.16.0'],
      ['Packer v1.8.0', undefined],
      ['skipping line: 1', undefined],
    ] as const) {
      await writeFile(path.join(folder, 'packer'), `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 });
      assert.is((await findPacker())?.version, version, says);
    }
  } finally {
    process.env['PATH'] = before;
    await rm(folder, { recursive: true });
  }
});

test.run();
