// The agent's command line -> what to run: shared by both engines.
import { configure, type Environment } from './agent.ts';
import { failureClasses } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { imdsAddress } from './imds.ts';
import { ready } from './ready.ts';
import type { Templates } from './render.ts';

/** Names of environment variables for tests; on a node none of them is set. */
export const variables = {
  imdsUrl: 'GROUNDUP_IMDS_URL',
  secretsUrl: 'GROUNDUP_SECRETS_URL',
  root: 'GROUNDUP_ROOT',
  timeScale: 'GROUNDUP_TIME_SCALE',
} as const;

export const environmentOf = (
  variable: (name: string) => string | undefined,
  templates: Templates,
): Environment => {
  const secretsUrl = variable(variables.secretsUrl);
  return {
    imdsUrl: variable(variables.imdsUrl) ?? imdsAddress,
    ...(secretsUrl === undefined ? {} : { secretsUrl }),
    templates,
  };
};

/** Returns the exit code. */
export const runAgent = (host: Host, args: readonly string[], environment: Environment): number => {
  if (args.length === 1 && args[0] === 'configure') return configure(host, environment);
  if (args.length === 1 && args[0] === 'ready') return ready(host);
  host.log('error', 'groundup: usage: agent.mjs configure|ready');
  return failureClasses.usage.exitCode;
};
