// Work that may fail -> exit code, state file, one line for people, and a word to the group's hook.
import { BootFailure, excerpt, failureClasses } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { completeLifecycleAction, formatCompletion, type LifecycleHook } from './lifecycle-hook.ts';
import { writeState, type Ending } from './state.ts';

/**
 * Runs `work`; a failure becomes one line in journal and console. Returns the exit code.
 * `hookOf`: who is told ABANDON then.
 */
export const reportFailures = (
  host: Host,
  what: string,
  work: () => Ending,
  hookOf: () => LifecycleHook | undefined = () => undefined,
): number => {
  try {
    writeState(host, work(), 0);
    return 0;
  } catch (error) {
    const isKnown = error instanceof BootFailure;
    const failureClass = isKnown ? error.failureClass : 'internal';
    const cause = isKnown ? error.message : `internal error: ${excerpt(String(error))}`;
    const outcome = isKnown ? error.outcome : 'please report it';
    const hook = hookOf();
    const told =
      hook === undefined
        ? ''
        : `; ${formatCompletion('ABANDON', completeLifecycleAction(host, hook, 'ABANDON'))}`;
    const message = `${what}: ${cause}; ${outcome}${told}`;
    const line = `groundup: ${message}`;
    host.log('error', line);
    host.console(line);
    if (!isKnown) host.log('info', String((error as Error).stack));
    const { exitCode } = failureClasses[failureClass];
    writeState(host, { outcome: 'failed', failureClass, message }, exitCode);
    return exitCode;
  }
};
