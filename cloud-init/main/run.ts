// The agent's command line: `configure` at boot, `ready` beside the started kubelet.
import { runConfigure, type Environment } from '../configure.ts';
import type { Host } from '../host.ts';
import { runReady } from '../ready.ts';

/** Returns the exit code; 64 (EX_USAGE of sysexits.h) for another command. */
export const runAgent = (command: string, host: Host, environment: Environment): number => {
  if (command === 'configure') return runConfigure(host, environment);
  if (command === 'ready') return runReady(host);
  host.log('error', `groundup: no command ${JSON.stringify(command)}: configure or ready`);
  return 64;
};

/** Addresses of AWS; tests name others by variables that no unit of the image sets. */
export const addressesFrom = (
  variable: (name: string) => string | undefined,
): Pick<Environment, 'imdsUrl' | 'secretsUrl'> => {
  const secretsUrl = variable('GROUNDUP_SECRETS_URL');
  return {
    imdsUrl: variable('GROUNDUP_IMDS_URL') ?? 'http://169.254.169.254',
    secretsUrl: (region) => secretsUrl ?? `https://secretsmanager.${region}.amazonaws.com`,
  };
};
