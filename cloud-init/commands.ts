// The agent's command line -> what to run: shared by both engines. `ready` is a program of its own.
import { configure } from './agent.ts';
import type { Environment } from './boot-input.ts';
import { failureClasses } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { warm } from './warm.ts';

/** Returns the exit code. */
export const runAgent = (host: Host, args: readonly string[], environment: Environment): number => {
  if (args.length === 1 && args[0] === 'configure') return configure(host, environment);
  if (args.length === 1 && args[0] === 'warm') return warm(host, environment);
  host.log('error', 'groundup: usage: agent.mjs configure|warm');
  return failureClasses.usage.exitCode;
};
