// A container image's pinned digest -> its parts for one architecture, every byte checked by digest.
// Blobs come from a registry or from an OCI layout folder.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../terminal/failure.ts';
import { downloadFile, type HostBases } from './download.ts';
import { digestOf, mediaTypes, type Descriptor, type ImageParts } from './oci-archive.ts';
import { shortSha256 } from './pins.ts';
import type { Arch } from './settings-table.ts';

/** Reads one blob by digest; its bytes are checked before they are returned. */
export type ReadBlob = (digest: string, kind: 'manifests' | 'blobs') => Promise<Uint8Array>;

const hexOf = (digest: string): string => digest.slice('sha256:'.length);

const wrongDigest = (label: string, want: string, got: string, from: string): Failure =>
  new Failure({
    step: 'pause',
    message: `${label}: digest does not match images/pins.yaml`,
    tail: `want ${shortSha256(hexOf(want))}   got ${shortSha256(hexOf(got))}   from ${from}`,
    hint: 'nothing was kept; run again, and check the pin when it repeats',
  });

/** Blobs of a repository, e.g. `pause` at `registry.k8s.io`; kept in the cache by digest. */
export const registryBlobs = (
  label: string,
  { host, repository }: { host: string; repository: string },
  bases: HostBases,
): ReadBlob => {
  const accept = [
    mediaTypes.index,
    mediaTypes.dockerIndex,
    mediaTypes.manifest,
    mediaTypes.dockerManifest,
  ].join(', ');
  return async (digest, kind) => {
    const file = await downloadFile({
      url: `https://${host}/v2/${repository}/${kind}/${digest}`,
      sha256: hexOf(digest),
      label,
      bases,
      headers: kind === 'manifests' ? [`Accept: ${accept}`] : [],
      onWrongSha256: (got, from) => wrongDigest(label, digest, `sha256:${got}`, from),
    });
    return readFile(file);
  };
};

/** Blobs of an OCI layout folder, as `skopeo copy --all … oci:<folder>` makes it. */
export const layoutBlobs =
  (label: string, folder: string): ReadBlob =>
  async (digest) => {
    const file = path.join(folder, 'blobs/sha256', hexOf(digest));
    const bytes = await readFile(file).catch(() => {
      throw new Failure({
        step: 'pause',
        message: `${label}: not in the mirror`,
        tail: `there is no ${file}`,
        hint: `skopeo copy --all docker://${label.replace(' ', ':')} oci:${folder}`,
      });
    });
    const got = digestOf(bytes);
    if (got !== digest) throw wrongDigest(label, digest, got, file);
    return bytes;
  };

const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));

/** The image of one architecture behind the digest of an index. */
export const pullImage = async (
  label: string,
  indexDigest: string,
  arch: Arch,
  readBlob: ReadBlob,
): Promise<ImageParts> => {
  const index = parse(await readBlob(indexDigest, 'manifests')) as { manifests: Descriptor[] };
  const chosen = index.manifests.find(
    ({ platform }) => platform?.architecture === arch && platform.os === 'linux',
  );
  if (!chosen) throw new Failure({ step: 'pause', message: `${label}: nothing for linux/${arch}` });
  const manifest = await readBlob(chosen.digest, 'manifests');
  const { config, layers } = parse(manifest) as { config: Descriptor; layers: Descriptor[] };
  const blobs = [];
  for (const { digest } of [config, ...layers]) blobs.push(await readBlob(digest, 'blobs'));
  return { manifestType: chosen.mediaType, manifest, blobs };
};
