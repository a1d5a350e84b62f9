// What went into an image and what came out -> out/<name>.json, read by the lab and by the next build.
import { glob, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../terminal/failure.ts';
import type { Binary } from './binaries.ts';
import type { ContainerImage } from './bundle.ts';
import type { ProvisionedDisk } from './packer.ts';
import type { Settings } from './settings.ts';

/** Version of this file's shape. */
const manifestVersion = 1;

export interface Manifest {
  manifestVersion: number;
  groundup: string;
  /** File name of the disk, beside the manifest. */
  image: string;
  imageSha256: string;
  imageSizeBytes: number;
  /** Hash of base, bundle, Packer template and volume size: what makes the disk's contents. */
  imageKey: string;
  /** Hash of the checkout's inputs: equal means that nothing needs to be looked at. */
  inputsKey: string;
  target: 'local';
  settings: Settings;
  baseSha256: string;
  bundleSha256: string;
  binaries: Pick<Binary, 'name' | 'version' | 'source' | 'installPath' | 'sha256' | 'sizeBytes'>[];
  containerImages: Pick<ContainerImage, 'reference' | 'sha256'>[];
  packages: ProvisionedDisk['packages'];
  rootSizeBytes: number;
  rootUsedBytes: number;
  accelerator: string;
  /** What took how long when this image was built, in seconds. */
  timingsSeconds: Record<string, number>;
  builtAt: string;
}

const manifestFileOf = (folder: string, manifest: Manifest): string =>
  path.join(folder, manifest.image.replace(/\.qcow2$/, '.json'));

/** Writes `manifest` beside its image; a reader sees the whole file or none. */
export const writeManifest = async (folder: string, manifest: Manifest): Promise<string> => {
  const file = manifestFileOf(folder, manifest);
  await writeFile(`${file}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
  await rename(`${file}.new`, file);
  return file;
};

/** Makes an image the newest again: the settings went back to what it was built from. */
export const touchManifest = (folder: string, manifest: Manifest): Promise<void> => {
  const now = new Date();
  return utimes(manifestFileOf(folder, manifest), now, now);
};

/** The manifests in `folder` whose image is there with its recorded size, last built first. */
export const readManifests = async (folder: string): Promise<Manifest[]> => {
  const found: { manifest: Manifest; mtimeMs: number }[] = [];
  for await (const name of glob('*.json', { cwd: folder })) {
    try {
      const file = path.join(folder, name);
      const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
      const { size } = await stat(path.join(folder, manifest.image));
      if (manifest.manifestVersion === manifestVersion && size === manifest.imageSizeBytes)
        found.push({ manifest, mtimeMs: (await stat(file)).mtimeMs });
    } catch {
      // Not a manifest, or its image is gone: not a result to offer.
    }
  }
  return found.toSorted((a, b) => b.mtimeMs - a.mtimeMs).map(({ manifest }) => manifest);
};

/** The image of the last `npm run build-ami`, or the one named `image`; a Failure when there is none. */
export const newestManifest = async (folder: string, image?: string): Promise<Manifest> => {
  const wanted = image === undefined ? undefined : path.basename(image);
  const found = (await readManifests(folder)).find(
    (manifest) => wanted === undefined || manifest.image === wanted,
  );
  if (found !== undefined) return found;
  throw new Failure({
    step: 'image',
    message:
      image === undefined ? 'there is no image in out/' : `${image}: no image with a manifest`,
    hint: 'npm run build-ami',
  });
};

export const createManifest = (fields: Omit<Manifest, 'manifestVersion'>): Manifest => ({
  manifestVersion,
  ...fields,
});
