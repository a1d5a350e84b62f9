// A container image's parts -> an OCI image archive (tar) for `ctr images import`.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { createTar, type TarMember } from './tar.ts';

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { architecture: string; os: string };
}

/** `sha256:<hex>` of bytes. */
export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const describe = (mediaType: string, bytes: Uint8Array): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});

/** An image of one platform: its manifest, and every blob that the manifest names. */
export interface ImageParts {
  manifestType: string;
  manifest: Uint8Array;
  blobs: readonly Uint8Array[];
}

const file = (name: string, content: Uint8Array): TarMember => ({ name, content, mode: 0o644 });
const folder = (name: string): TarMember => ({ name, content: Buffer.alloc(0), mode: 0o755 });

/** The archive of an image under a full reference such as `registry.k8s.io/pause:3.10.1`. */
export const createImageArchive = (reference: string, parts: ImageParts): Buffer => {
  const tag = reference.slice(reference.lastIndexOf(':') + 1);
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      {
        ...describe(parts.manifestType, parts.manifest),
        annotations: {
          'io.containerd.image.name': reference,
          'org.opencontainers.image.ref.name': tag,
        },
      },
    ],
  };
  const blobs = [parts.manifest, ...parts.blobs]
    .map((bytes) => file(`blobs/sha256/${digestOf(bytes).slice('sha256:'.length)}`, bytes))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return createTar([
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
    file('index.json', json(index)),
    folder('blobs/'),
    folder('blobs/sha256/'),
    ...blobs,
  ]);
};

/** An image whose only layer is one program at `/<name>`, run as `user`. */
export const createProgramImage = (program: {
  name: string;
  content: Uint8Array;
  arch: string;
  user: string;
}): ImageParts => {
  const { name, content, arch, user } = program;
  const tar = createTar([{ name, content, mode: 0o755 }]);
  // Compressed bytes are only ours to compare, so the level and zlib's version may change them.
  const layer = gzipSync(tar, { level: 9 });
  const config = json({
    architecture: arch,
    os: 'linux',
    config: {
      User: user,
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Entrypoint: [`/${name}`],
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describe(mediaTypes.config, config),
    layers: [describe(mediaTypes.layer, layer)],
  });
  return { manifestType: mediaTypes.manifest, manifest, blobs: [config, layer] };
};
