// The metadata service, user-data and Secrets Manager -> what this boot is to make, all of it checked.
import { BootFailure } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { lookAtInterface, readInterface, readNetwork } from './imds-interface.ts';
import { openSession, type Session } from './imds-session.ts';
import { readCredentials, readFacts, type InstanceFacts } from './imds.ts';
import {
  lifecycleHookOf,
  lifecycleHookPath,
  writeLifecycleHook,
  type LifecycleHook,
} from './lifecycle-hook.ts';
import type { NodeNames } from './derive.ts';
import type { ParsedFields } from './parse.ts';
import { podNetworkOf, type InterfaceFacts } from './pod-network.ts';
import { checkGroup, checkNetwork, checkPrefixes, type NetworkFacts } from './ranges.ts';
import type { Templates } from './render.ts';
import { formatFindingsInLine, hasErrors, type Finding } from './report.ts';
import { readSecrets, type SecretFields } from './secrets.ts';
import { parseSettings, settingsPath, type Settings } from './settings.ts';
import type { Span } from './user-data.ts';
import { checkUserData, type NodeRequest } from './validate.ts';

/** Where the agent finds what it needs outside the node; tests point it elsewhere. */
export interface Environment {
  /** Without a slash at the end. */
  imdsUrl: string;
  /** In place of the regional address of Secrets Manager. */
  secretsUrl?: string;
  /** The same of the service of autoscaling groups. */
  autoscalingUrl?: string;
  /** Where kube-proxy tells its metrics. */
  kubeProxyUrl?: string;
  templates: Templates;
}

const authorityPath = '/etc/groundup/ca.pem';
const refusal = (findings: readonly Finding[]): BootFailure => {
  // Warnings stand in the line, too, and count for nothing.
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const count = errors === 1 ? '' : `${errors} errors: `;
  return new BootFailure('user-data', `${count}${formatFindingsInLine('user-data', findings)}`);
};

const logWarnings = (host: Host, warnings: readonly Finding[]): void => {
  for (const warning of warnings)
    host.log('warning', `groundup: ${formatFindingsInLine('user-data', [warning])}`);
};

/** What a failure has to know of the boot so far. */
export interface Boot {
  hook: LifecycleHook | undefined;
}

export type Reading =
  | { skipped: string }
  | {
      session: Session;
      facts: InstanceFacts;
      request: NodeRequest;
      fields: ParsedFields;
      podCidrAt: Span;
    };
export type NodeReading = Exclude<Reading, { skipped: string }>;

/** Known as early as can be: what refuses the rest of user-data is to be told to the hook, too. */
const noteHook = (
  host: Host,
  environment: Environment,
  facts: InstanceFacts,
  fields: ParsedFields,
) => {
  const text = fields['lifecycle-hook']?.text;
  if (text === undefined) return undefined;
  const { imdsUrl, autoscalingUrl } = environment;
  const hasAuthority = host.status(authorityPath) !== undefined;
  const hook = lifecycleHookOf(text, facts, {
    imdsUrl,
    ...(autoscalingUrl === undefined ? {} : { url: autoscalingUrl }),
    ...(hasAuthority ? { authorityFile: host.place(authorityPath) } : {}),
  });
  try {
    writeLifecycleHook(host, hook);
  } catch (error) {
    host.log('warning', `groundup: ${lifecycleHookPath}: ${(error as Error).message}`);
  }
  return hook;
};

interface Refused {
  session: Session;
  facts: InstanceFacts;
  fields: ParsedFields;
  settings: Settings;
  ofText: readonly Finding[];
}

/** All that is wrong at once: what is refused already is worth another question, and no wait. */
const lookAtNetwork = (
  host: Host,
  { session, facts: { mac }, fields, settings, ofText }: Refused,
): Finding[] => {
  const podCidrAt = fields['pod-cidr'];
  try {
    const { prefixes, network } = lookAtInterface(host, session, mac);
    return [
      ...(podCidrAt === undefined
        ? []
        : checkPrefixes(podCidrAt, fields['max-pods'], { prefixes })),
      ...checkNetwork(fields, settings, network, ofText),
    ];
  } catch (error) {
    if (error instanceof BootFailure) return [];
    throw error;
  }
};

export const readRequest = (host: Host, environment: Environment, boot: Boot): Reading => {
  const session = openSession(host, environment.imdsUrl);
  const facts = readFacts(host, session);
  if (facts.userData === undefined) return { skipped: 'no user-data' };
  const settings = parseSettings(host.readFile(settingsPath));
  const check = checkUserData(facts.userData, settings);
  if (check.kind === 'none') return { skipped: 'empty user-data' };
  if (check.kind === 'foreign') return { skipped: `user-data is ${check.form}, not for groundup` };
  boot.hook = noteHook(host, environment, facts, check.fields);
  const inGroup = checkGroup(check.fields, facts.lifecycleState);
  if (check.kind === 'errors' || inGroup.length > 0) {
    const ofText = check.kind === 'errors' ? check.findings : check.warnings;
    const look = { session, facts, fields: check.fields, settings, ofText };
    throw refusal([...ofText, ...inGroup, ...lookAtNetwork(host, look)]);
  }
  logWarnings(host, check.warnings);
  const { request, fields, podCidrAt } = check;
  return { session, facts, request, fields, podCidrAt };
};

/** Prefixes are asked for only where pods live on them. */
export const readPodNetwork = (host: Host, reading: NodeReading): InterfaceFacts => {
  const { session, facts, request, fields, podCidrAt } = reading;
  if (podNetworkOf(request.podCidr) !== 'imds-prefix') return { vpcRanges: [], prefixes: [] };
  const network = readInterface(host, session, facts.mac);
  const findings = checkPrefixes(podCidrAt, fields['max-pods'], network);
  if (findings.length > 0) throw refusal(findings);
  return network;
};

/** Against what only the instance knows. Throws a BootFailure. */
const refuseOverlap = (host: Host, { fields, request }: NodeReading, network: NetworkFacts) => {
  const findings = checkNetwork(fields, request.settings, network);
  if (hasErrors(findings)) throw refusal(findings);
  logWarnings(host, findings);
};

/** On a boot that asks for no secrets; `known` is what was read for the pods, if anything was. */
export const checkRanges = (host: Host, reading: NodeReading, known: NetworkFacts): void => {
  const isKnown = known.vpcRanges.length > 0;
  const network = isKnown ? known : readNetwork(host, reading.session, reading.facts.mac);
  refuseOverlap(host, reading, network);
};

export const readSecretFields = (
  host: Host,
  environment: Environment,
  reading: NodeReading,
  names: NodeNames,
): SecretFields => {
  const { session, facts } = reading;
  const { credentials, network } = readCredentials(host, session, facts);
  refuseOverlap(host, reading, network);
  const { region, domain } = facts;
  const hasAuthority = host.status(authorityPath) !== undefined;
  const source = {
    url: environment.secretsUrl ?? `https://secretsmanager.${region}.${domain}`,
    region,
    credentials,
    renewCredentials: () => readCredentials(host, session, facts).credentials,
    ...(hasAuthority ? { authorityFile: host.place(authorityPath) } : {}),
  };
  return readSecrets(host, source, [names.nodeSecret, names.sharedSecret]);
};
