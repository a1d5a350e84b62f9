// How a command of the agent ended -> /run/groundup/state.json, for programs; the journal has it in words.
import type { FailureClass } from './failure.ts';
import type { Host } from './hosts/host.ts';

/** On a file system in memory: it tells of this boot, and a full or read-only disk does not matter. */
export const statePath = '/run/groundup/state.json';

/** `not-ours`: the instance has user-data of somebody else's, or none. `prepared`: in a warm pool. */
export type Ending =
  | { outcome: 'configured' | 'prepared' | 'ready' | 'not-ours'; message: string }
  | { outcome: 'failed'; failureClass: FailureClass; message: string };

/** What is not there, or not yet, is absent; nothing in it is secret. */
export interface State {
  /** The line of the journal without `groundup: `. */
  message: string;
  outcome: Ending['outcome'];
  failureClass?: FailureClass;
  exitCode: number;
}

/** That it cannot be written is only logged: it is not what a boot is for. */
export const writeState = (host: Host, ending: Ending, exitCode: number): void => {
  const state: State = { ...ending, exitCode };
  try {
    host.remove(statePath);
    host.createFile(statePath, `${JSON.stringify(state)}\n`, 0o600);
  } catch (error) {
    host.log('warning', `groundup: ${statePath}: ${(error as Error).message}`);
  }
};
