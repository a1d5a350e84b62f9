// A lab's name -> its folder, and whether it runs: what one command leaves for the next.
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stateFolder } from '../project/paths.ts';

export interface LabState {
  name: string;
  /** Process id, outside, of the first process in the lab's namespaces. */
  pid: number;
  /** Start time of that process in clock ticks: a pid alone may have been given away again. */
  startTicks: string;
  imageFile: string;
  kubernetes: string;
  kubectl: string;
}

export const labsFolder = (): string => path.join(stateFolder(), 'labs');

export const labFolder = (name: string): string => path.join(labsFolder(), name);

/** Field 22 of /proc/<pid>/stat; undefined when there is no such process. */
export const startTicksOf = async (pid: number): Promise<string | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
};

export const writeState = async (state: LabState): Promise<void> => {
  const file = path.join(labFolder(state.name), 'state.json');
  await writeFile(`${file}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
};

/** The state of a running lab, or undefined. */
export const readRunning = async (name: string): Promise<LabState | undefined> => {
  try {
    const text = await readFile(path.join(labFolder(name), 'state.json'), 'utf8');
    const state = JSON.parse(text) as LabState;
    return (await startTicksOf(state.pid)) === state.startTicks ? state : undefined;
  } catch {
    return undefined;
  }
};

/** Removes the folders of labs that do not run any more: a killed one takes all but its files along. */
export const sweepStopped = async (): Promise<void> => {
  for (const name of await readdir(labsFolder()).catch(() => [] as string[])) {
    const owner = await readFile(path.join(labFolder(name), 'owner'), 'utf8').catch(() => '0');
    const isStarting = (await startTicksOf(Number(owner))) !== undefined;
    if (isStarting || (await readRunning(name)) !== undefined) continue;
    await rm(labFolder(name), { recursive: true, force: true });
  }
};
