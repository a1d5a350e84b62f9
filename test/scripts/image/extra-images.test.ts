// Container images of images/worker.yaml, fetched by the real skopeo from a registry on loopback.
import { mkdir, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareExtraImages, pullReference } from '../../../scripts/image/extra-images.ts';
import { createProgramImage, digestOf } from '../../../scripts/image/oci-archive.ts';
import { createRegistry } from '../../../scripts/lab/registry.ts';
import { failureOf } from '../../fakes/failure-of.ts';
import { recordSteps } from '../../fakes/steps.ts';
import { useTemporaryCache } from '../../fakes/temporary-cache.ts';

const cache = await useTemporaryCache();
const parts = createProgramImage({
  name: 'busybox',
  content: Buffer.from('#!/bin/sh\n'),
  arch: 'amd64',
  user: '0',
});
let server: Server;
let registry = '';
const home = process.env['HOME'];

test.before(async () => {
  server = createRegistry(parts);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  // skopeo reads the user's own list of registries that are spoken to without TLS.
  const file = path.join(cache.folder, '.config/containers/registries.conf');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`);
  process.env['HOME'] = cache.folder;
});
test.after(async () => {
  process.env['HOME'] = home;
  server.close();
  server.closeAllConnections();
  await cache.remove();
});

const prepare = (images: string[]) => {
  const { steps, lines } = recordSteps();
  return prepareExtraImages({ images, arch: 'amd64' }, steps).then((prepared) => ({
    prepared,
    lines,
  }));
};

test('no images, no work', async () => {
  assert.equal(await prepare([]), { prepared: [], lines: [] });
});

test('a tag and a digest give an archive with the bytes of the registry', async () => {
  const reference = `${registry}/busybox:lab`;
  const { prepared, lines } = await prepare([
    reference,
    `${reference}@${digestOf(parts.manifest)}`,
  ]);
  assert.equal(lines, ['images     2 more container images']);
  const [byTag, byDigest] = prepared;
  assert.ok(byTag && byDigest);
  assert.is(byTag.sha256, byDigest.sha256);
  const { stdout } = await execa('tar', ['--list', '--file', byTag.file]);
  for (const bytes of [parts.manifest, ...parts.blobs])
    assert.match(stdout, digestOf(bytes).replace(':', '/'));
  const { stdout: index } = await execa('tar', ['-xOf', byTag.file, 'index.json']);
  assert.match(index, `"io.containerd.image.name":"${reference}"`);
});

test('an image that is not there says so, with what skopeo says', async () => {
  const text = await failureOf(prepare([`${registry}/other:lab`]));
  assert.match(text, /^images +skopeo ended with exit code 1$/m);
  assert.match(text, /hint: is the reference right, and does `skopeo inspect docker:/);
});

test('what skopeo is asked for', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  assert.is(pullReference('a.example:5000/b/c:1'), 'a.example:5000/b/c:1');
  assert.is(pullReference(`a.example:5000/b/c:1@${digest}`), `a.example:5000/b/c@${digest}`);
  assert.is(pullReference(`a.example:5000/b@${digest}`), `a.example:5000/b@${digest}`);
});

test.run();
