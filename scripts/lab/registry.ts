// A registry that can only be pulled from, with the one image the lab's pods run: busybox.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createProgramImage, digestOf, type ImageParts } from '../image/oci-archive.ts';
import { registryHost } from './addresses.ts';

/** What a pod of the lab names; its program is /busybox. */
export const testImage = `${registryHost}/busybox:lab`;

export const busyboxImage = async (): Promise<ImageParts> => {
  const places = ['/bin/busybox', '/usr/bin/busybox'];
  for (const place of places) {
    const content = await readFile(place).catch(() => undefined);
    if (content) return createProgramImage({ name: 'busybox', content, arch: 'amd64', user: '0' });
  }
  throw new Error(`no busybox in ${places.join(', ')}`);
};

/** Serves `parts` as `<name>:<any tag>`; not yet listening. */
export const createRegistry = (parts: ImageParts): Server => {
  const blobs = new Map(parts.blobs.map((bytes) => [digestOf(bytes), bytes]));
  const manifestDigest = digestOf(parts.manifest);
  return createServer((request, response) => {
    const path = request.url ?? '';
    const manifest = /^\/v2\/busybox\/manifests\/(.+)$/.exec(path)?.[1];
    const blob = /^\/v2\/busybox\/blobs\/(.+)$/.exec(path)?.[1];
    const wrongDigest = manifest?.startsWith('sha256:') && manifest !== manifestDigest;
    const bytes = manifest === undefined ? blobs.get(blob ?? '') : parts.manifest;
    if (path === '/v2/') {
      response.writeHead(200, { 'Docker-Distribution-Api-Version': 'registry/2.0' }).end('{}');
    } else if (bytes === undefined || wrongDigest) {
      response.writeHead(404).end(JSON.stringify({ errors: [{ code: 'NAME_UNKNOWN' }] }));
    } else {
      response.writeHead(200, {
        'Content-Type': manifest === undefined ? 'application/octet-stream' : parts.manifestType,
        'Content-Length': bytes.length,
        'Docker-Content-Digest': digestOf(bytes),
      });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    }
  });
};
