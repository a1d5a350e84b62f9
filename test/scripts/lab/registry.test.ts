// The lab's registry speaks as much of the distribution specification as a pull needs.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf, createProgramImage } from '../../../scripts/image/oci-archive.ts';
import { createRegistry } from '../../../scripts/lab/registry.ts';

const parts = createProgramImage({
  name: 'busybox',
  content: Buffer.from('#!'),
  arch: 'amd64',
  user: '0',
});
let server: Server;
let url = '';

test.before(async () => {
  server = createRegistry(parts);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`;
});
test.after(() => {
  server.close();
  server.closeAllConnections();
});

test('a tag and its digest give the manifest, whose blobs are there', async () => {
  const digest = digestOf(parts.manifest);
  for (const reference of ['lab', digest]) {
    const response = await fetch(`${url}busybox/manifests/${reference}`);
    assert.is(response.headers.get('docker-content-digest'), digest);
    assert.is(response.headers.get('content-type'), parts.manifestType);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.is(digestOf(bytes), digest);
  }
  for (const blob of parts.blobs) {
    const response = await fetch(`${url}busybox/blobs/${digestOf(blob)}`);
    assert.is(digestOf(Buffer.from(await response.arrayBuffer())), digestOf(blob));
  }
});

test('HEAD has the length and no body; what is not there is 404', async () => {
  const head = await fetch(`${url}busybox/manifests/lab`, { method: 'HEAD' });
  assert.is(Number(head.headers.get('content-length')), parts.manifest.length);
  assert.is(await head.text(), '');
  assert.is((await fetch(url)).status, 200);
  for (const path of [
    'other/manifests/lab',
    `busybox/blobs/sha256:${'0'.repeat(64)}`,
    `busybox/manifests/sha256:${'0'.repeat(64)}`,
  ])
    assert.is((await fetch(`${url}${path}`)).status, 404);
});

test.run();
