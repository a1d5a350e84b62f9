// Folders of the checkout -> the hash of everything in them: what "nothing changed" means.
import { glob } from 'node:fs/promises';
import path from 'node:path';
import { keyOf, sha256OfFile } from '../cache/entry.ts';
import { inProject, projectRoot } from '../project/paths.ts';

/** sha256 (hex) over path and content of every file below `folders`, which are project paths. */
export const hashTree = async (folders: readonly string[]): Promise<string> => {
  const files: string[] = [];
  for (const folder of folders) {
    for await (const entry of glob(`${folder}/**`, { cwd: projectRoot, withFileTypes: true }))
      if (entry.isFile()) files.push(path.join(entry.parentPath, entry.name));
  }
  const hashes: [string, string][] = [];
  for (const file of files.toSorted())
    hashes.push([path.relative(inProject(), file), await sha256OfFile(file)]);
  return keyOf(hashes);
};

/** Everything that an image is made from, but for the binaries' bytes, which their pins fix. */
export const hashImageInputs = (): Promise<string> =>
  hashTree(['images', 'cloud-init', 'scripts/image', 'scripts/cache', 'package-lock.json']);
