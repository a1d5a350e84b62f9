// What went into an image and what came out -> out/<name>.json, read by the lab and by the next build.
import { glob, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
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

/** Writes `manifest` beside its image; a reader sees the whole file or none. */
export const writeManifest = async (folder: string, manifest: Manifest): Promise<string> => {
  const file = path.join(folder, manifest.image.replace(/\.qcow2$/, '.json'));
  await writeFile(`${file}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
  await rename(`${file}.new`, file);
  return file;
};

/** The manifests in `folder` whose image is there with its recorded size, newest first. */
export const readManifests = async (folder: string): Promise<Manifest[]> => {
  const found: Manifest[] = [];
  for await (const name of glob('*.json', { cwd: folder })) {
    try {
      const manifest = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Manifest;
      const { size } = await stat(path.join(folder, manifest.image));
      if (manifest.manifestVersion === manifestVersion && size === manifest.imageSizeBytes)
        found.push(manifest);
    } catch {
      // Not a manifest, or its image is gone: not a result to offer.
    }
  }
  return found.toSorted((a, b) => (a.builtAt < b.builtAt ? 1 : -1));
};

export const createManifest = (fields: Omit<Manifest, 'manifestVersion'>): Manifest => ({
  manifestVersion,
  ...fields,
});
