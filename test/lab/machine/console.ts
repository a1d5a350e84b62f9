// A machine's console -> what it says about its boot, waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../../scripts/lab/lab.ts';
import type { WorkerStatus } from '../../../scripts/lab/protocol.ts';

const bootTimeoutMs = 300_000;

const textOf = async (lab: Lab, worker: WorkerStatus): Promise<string> =>
  (await lab.consoleOf(worker)).replaceAll('\r', '');

/** The first line that matches; an error shows how the console ends. */
export const awaitConsole = async (
  lab: Lab,
  worker: WorkerStatus,
  pattern: RegExp,
): Promise<string> => {
  const endMs = performance.now() + bootTimeoutMs;
  for (;;) {
    const text = await textOf(lab, worker);
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return found;
    if (performance.now() > endMs)
      throw new Error(`no ${pattern} on the console, which ends with:\n${text.slice(-1500)}`);
    await sleep(300);
  }
};

/** Every file of the node with sum, mode and owner, as `tell` wrote them. */
export const filesOf = async (lab: Lab, worker: WorkerStatus): Promise<string[]> => {
  await awaitConsole(lab, worker, /^groundup-file: end$/m);
  const lines = (await textOf(lab, worker)).split('\n');
  return lines.filter((line) => line.startsWith('groundup-file: '));
};
