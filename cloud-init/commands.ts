// The agent's command line -> what to run: shared by both engines.
import { configure } from './agent.ts';
import type { Environment } from './boot-input.ts';
import { failureClasses } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { imdsAddress } from './imds-session.ts';
import { ready } from './ready.ts';
import type { Templates } from './render.ts';
import { warm } from './warm.ts';

/** Names of environment variables for tests; on a node none of them is set. */
export const variables = {
  imdsUrl: 'GROUNDUP_IMDS_URL',
  secretsUrl: 'GROUNDUP_SECRETS_URL',
  autoscalingUrl: 'GROUNDUP_AUTOSCALING_URL',
  kubeProxyUrl: 'GROUNDUP_KUBE_PROXY_URL',
  root: 'GROUNDUP_ROOT',
  timeScale: 'GROUNDUP_TIME_SCALE',
} as const;

export const environmentOf = (
  variable: (name: string) => string | undefined,
  templates: Templates,
): Environment => {
  const secretsUrl = variable(variables.secretsUrl);
  const autoscalingUrl = variable(variables.autoscalingUrl);
  const kubeProxyUrl = variable(variables.kubeProxyUrl);
  return {
    imdsUrl: variable(variables.imdsUrl) ?? imdsAddress,
    ...(secretsUrl === undefined ? {} : { secretsUrl }),
    ...(autoscalingUrl === undefined ? {} : { autoscalingUrl }),
    ...(kubeProxyUrl === undefined ? {} : { kubeProxyUrl }),
    templates,
  };
};

/** Returns the exit code. */
export const runAgent = (host: Host, args: readonly string[], environment: Environment): number => {
  if (args.length === 1 && args[0] === 'configure') return configure(host, environment);
  if (args.length === 1 && args[0] === 'ready') return ready(host, environment);
  if (args.length === 1 && args[0] === 'warm') return warm(host, environment);
  host.log('error', 'groundup: usage: agent.mjs configure|ready|warm');
  return failureClasses.usage.exitCode;
};
