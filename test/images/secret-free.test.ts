// The finished image, byte by byte: no private key in it, not even in blocks that were freed.
// 90-assert.sh looks at files; this looks at what a reader of the disk would find.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { outputFolder } from '../../scripts/project/paths.ts';
import { runTool } from '../../scripts/project/tools.ts';
import { filesAt, scanFile } from './disk.ts';

const header = Buffer.from('PRIVATE KEY-----\n');
/** What follows the header of a real key; programs that read keys hold the header alone. */
const keyText = /^[A-Za-z0-9+/=]{40}/;
const overlapBytes = header.length + 64;

/** gnutls tests itself with keys that stand in its public source. */
const isKnown = (file: string): boolean =>
  /^\/usr\/lib\/(?:[\w-]+|groundup\/system)\/libgnutls\.so\.[\d.]+$/.test(file);

/** Offsets at which a key begins. */
const findKeys = (bytes: Buffer): number[] => {
  const found: number[] = [];
  for (let at = bytes.indexOf(header); at !== -1; at = bytes.indexOf(header, at + 1)) {
    const text = bytes.subarray(at + header.length, at + overlapBytes).toString('latin1');
    if (keyText.test(text)) found.push(at);
  }
  return found;
};

const scan = (file: string) =>
  scanFile(file, overlapBytes, (bytes) => findKeys(bytes).map((at) => ({ at })));

test('the search finds a key, also across two reads', () => {
  const key = `-----BEGIN EC PRIVATE KEY-----\n${'A'.repeat(64)}\n`;
  assert.equal(findKeys(Buffer.from(`x${key}`)), ['x-----BEGIN EC '.length]);
  assert.equal(findKeys(Buffer.from('-----BEGIN EC PRIVATE KEY-----\n\u0000-----END')), []);
});

test('no private key anywhere on the disk', async () => {
  const manifest = await newestManifest(outputFolder);
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-scan-'));
  try {
    const raw = path.join(folder, 'disk.raw');
    const image = path.join(outputFolder, manifest.image);
    await runTool('qemu-img', ['convert', '-O', 'raw', image, raw], {
      step: 'scan',
      timeoutMs: 120_000,
    });
    const { found, readBytes } = await scan(raw);
    assert.is(readBytes, manifest.settings.volumeSizeGib * 1024 ** 3);
    const files = new Set(
      await filesAt(
        raw,
        found.map(({ at }) => at),
      ),
    );
    assert.equal(
      [...files].filter((file) => !isKnown(file)),
      [],
    );
    // The search does find what is there.
    assert.ok([...files].some(isKnown), 'not even the keys of gnutls were found');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
