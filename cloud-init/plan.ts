// Rendered files and what the machine has -> the steps that make it so, as ordered data.
import { Secret } from './secret.ts';
import type { RenderedFile } from './render.ts';

export interface WriteStep {
  path: string;
  mode: number;
  content: string | Secret;
}

export interface Plan {
  /** Folders that must exist, parents first. */
  folders: { path: string; mode: number }[];
  writes: WriteStep[];
  /** Paths that are right already. */
  unchanged: string[];
  units: string[];
}

export interface CurrentFile {
  text: string;
  mode: number;
}

/** Started without waiting: nothing of the boot depends on them being up. */
const units = ['kubelet.service', 'kube-proxy.service', 'groundup-ready.service'];

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

export const textOf = (content: string | Secret): string =>
  content instanceof Secret ? content.reveal() : content;

/** Only what differs is written, so that a second boot touches nothing. */
export const makePlan = (
  files: readonly RenderedFile[],
  current: (path: string) => CurrentFile | undefined,
): Plan => {
  const writes: WriteStep[] = [];
  const unchanged: string[] = [];
  for (const { path, mode, content } of files) {
    const found = current(path);
    if (found !== undefined && found.mode === mode && found.text === textOf(content))
      unchanged.push(path);
    else writes.push({ path, mode, content });
  }
  const paths = [...new Set(files.map(({ path }) => folderOf(path)))];
  return {
    folders: paths.map((path) => ({ path, mode: 0o755 })),
    writes,
    unchanged,
    units,
  };
};
