// Variables of the environment -> where the services are; on a node none is set.
import type { Environment } from './boot-input.ts';
import { imdsAddress } from './imds-session.ts';
import type { Templates } from './render.ts';

/** Their names, for tests. */
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
