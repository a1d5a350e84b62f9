// Files as they are to be + files as they are -> which to write. What is right already is not touched.
import { isSameContent, type NodeFile } from './build.ts';
import { foldersWith, type NodeKind } from './files.ts';
import type { Host } from './hosts/host.ts';

export interface Plan {
  folders: readonly { path: string; mode: number }[];
  write: readonly NodeFile[];
  unchanged: readonly NodeFile[];
}

const isUpToDate = (host: Pick<Host, 'readFile' | 'status'>, file: NodeFile): boolean => {
  const status = host.status(file.path);
  if (status?.kind !== 'file' || status.mode !== file.mode) return false;
  return isSameContent(file, host.readFile(file.path));
};

export const makePlan = (
  host: Pick<Host, 'readFile' | 'status'>,
  files: readonly NodeFile[],
  kind: NodeKind,
): Plan => ({
  folders: foldersWith(kind).filter(({ path }) => host.status(path) === undefined),
  write: files.filter((file) => !isUpToDate(host, file)),
  unchanged: files.filter((file) => isUpToDate(host, file)),
});
