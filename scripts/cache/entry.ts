// A kind, a key and a way to build -> a folder in the user's cache that is whole or absent.
// An entry is built beside its place and renamed into it; its table of files tells a corrupt one.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFolder } from '../project/paths.ts';
import { createWorkFolder } from './work-folder.ts';

const tableName = '.entry.json';

/** Path inside the entry -> sha256 (hex) and size. */
type FileTable = Record<string, { sha256: string; sizeBytes: number }>;

export interface CacheEntry {
  folder: string;
  /** False when this call built it. */
  cached: boolean;
  files: FileTable;
  /** Why an existing entry was thrown away, e.g. `kubelet: sha256 differs`. */
  discarded?: string;
}

/** sha256 (hex) of a file, read as a stream. */
export const sha256OfFile = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

/** sha256 (hex) of a value's JSON: how inputs become a key. Key order matters: pass literals. */
export const keyOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

const describeFiles = async (folder: string): Promise<FileTable> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const table: FileTable = {};
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isFile() || entry.name === tableName) continue;
    const file = path.join(entry.parentPath, entry.name);
    const { size } = await stat(file);
    table[path.relative(folder, file)] = { sha256: await sha256OfFile(file), sizeBytes: size };
  }
  return table;
};

/** What is wrong with an entry, or nothing. Reads every byte: a flipped bit must not be baked. */
const findFault = async (folder: string, table: FileTable): Promise<string | undefined> => {
  for (const [name, { sha256, sizeBytes }] of Object.entries(table)) {
    const found = await stat(path.join(folder, name)).catch(() => undefined);
    if (found === undefined) return `${name}: missing`;
    if (found.size !== sizeBytes) return `${name}: ${found.size} bytes, recorded ${sizeBytes}`;
    if ((await sha256OfFile(path.join(folder, name))) !== sha256) return `${name}: sha256 differs`;
  }
  return undefined;
};

const readTable = async (folder: string): Promise<FileTable | undefined> => {
  try {
    return JSON.parse(await readFile(path.join(folder, tableName), 'utf8')) as FileTable;
  } catch {
    return undefined; // Absent, or torn by a full disk: either way the entry does not count.
  }
};

/** The folder where an entry lives, whether it exists or not: `<cache>/<kind>/<key>`. */
export const entryFolder = (kind: string, key: string): string =>
  path.join(cacheFolder(), kind, key);

/**
 * The entry of `kind` and `key`, built by `build` in an empty folder when it is absent or corrupt.
 * Two processes may build the same entry: the first rename wins, both get the winner's files.
 */
export const cached = async (
  kind: string,
  key: string,
  build: (folder: string) => Promise<void>,
): Promise<CacheEntry> => {
  const folder = entryFolder(kind, key);
  const known = await readTable(folder);
  const fault = known && (await findFault(folder, known));
  if (known && fault === undefined) return { folder, cached: true, files: known };
  await rm(folder, { recursive: true, force: true });

  const workFolder = await createWorkFolder(path.dirname(folder), 0o755);
  try {
    await build(workFolder);
    const files = await describeFiles(workFolder);
    await writeFile(path.join(workFolder, tableName), JSON.stringify(files), { mode: 0o644 });
    await rename(workFolder, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    const entry = { folder, cached: false, files: (await readTable(folder)) ?? files };
    return fault === undefined ? entry : { ...entry, discarded: fault };
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
};
