// A folder to build in, beside the place where the result will be renamed to. Its name says who builds,
// so that the next build takes away what a killed one left.
import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readlink, rm, stat } from 'node:fs/promises';
import path from 'node:path';

const namePattern = /^\.building-(\d+)-(\d+)-/;
/** Nobody builds for so long; then the folder of another machine or container goes as well. */
const ageMaxMs = 24 * 3600 * 1000;

/** Process ids mean something within one namespace only, and a cache may be shared by several. */
const processNamespace = async (): Promise<string> =>
  (await readlink('/proc/self/ns/pid')).replaceAll(/\D/g, '');

const isLeft = async (folder: string, namespace: string, pid: string): Promise<boolean> => {
  const { mtimeMs } = await stat(folder);
  if (Date.now() - mtimeMs > ageMaxMs) return true;
  if (namespace !== (await processNamespace())) return false;
  return access(`/proc/${pid}`).then(
    () => false,
    () => true,
  );
};

/** Removes the work folders in `parent` whose builders are gone. */
export const sweepWorkFolders = async (parent: string): Promise<void> => {
  for (const name of await readdir(parent).catch(() => [] as string[])) {
    const [, namespace = '', pid = ''] = namePattern.exec(name) ?? [];
    if (pid === '') continue;
    const folder = path.join(parent, name);
    // Another process may sweep at the same time.
    if (await isLeft(folder, namespace, pid).catch(() => false))
      await rm(folder, { recursive: true, force: true });
  }
};

/** A new empty folder in `parent`, which is made when it is missing; its user removes it. */
export const createWorkFolder = async (parent: string, mode: number): Promise<string> => {
  await sweepWorkFolders(parent);
  const name = `.building-${await processNamespace()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const folder = path.join(parent, name);
  await mkdir(folder, { recursive: true, mode });
  return folder;
};
