// One boot: metadata -> user-data -> secrets -> files -> services. The order of the stages is here
// and nowhere else.
import { applyFiles, startUnits } from './apply.ts';
import { nodeNameOf } from './certificate.ts';
import { deriveValues, secretIdsOf, workerNameOf } from './derive.ts';
import { BootFailure, exitCodes } from './failure.ts';
import type { Host } from './host.ts';
import { openSession, readCredentials, readFacts } from './imds.ts';
import type { BakedSettings } from './keys.ts';
import { makePlan } from './plan.ts';
import { renderFiles, type NodeSecrets, type Templates } from './render.ts';
import { formatFinding, hasErrors, type Finding } from './report.ts';
import { readSecrets } from './secrets.ts';
import { Timeline, writeTimeline } from './timeline.ts';
import { readUserData } from './user-data.ts';
import { validate } from './validate.ts';
import { verifyFiles } from './verify.ts';

export interface Environment {
  templates: Templates;
  imdsUrl: string;
  /** Secrets Manager's address in a region. */
  secretsUrl: (region: string) => string;
}

const settingsFile = '/etc/groundup/settings.json';
/** Further authorities for HTTPS: a private endpoint's or a proxy's. */
export const authorityFile = '/etc/groundup/ca.pem';

const readSettings = (host: Host): BakedSettings => {
  const text = host.readFile(settingsFile);
  if (text === undefined) throw new Error(`${settingsFile} is missing from the image`);
  return JSON.parse(text) as BakedSettings;
};

const refuse = (findings: readonly Finding[], userData: string): BootFailure => {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const first = errors[0];
  const more = errors.length > 1 ? ` and ${errors.length - 1} more` : '';
  const text = first === undefined ? '' : `${first.key ? `${first.key}: ` : ''}${first.message}`;
  return new BootFailure(
    'userData',
    `user-data:${first?.line}:${first?.column} ${text}${more}`,
    errors.map((finding) => formatFinding('user-data', userData, finding)),
  );
};

/** Runs all stages; returns why nothing was to do, or undefined when the node was configured. */
const configure = (host: Host, environment: Environment, timeline: Timeline) => {
  const settings = readSettings(host);
  const session = openSession(host, environment.imdsUrl);
  const facts = readFacts(host, session);
  timeline.add('user-data-read', host.uptimeMs());
  const userData = readUserData(facts.userData);
  if (userData.kind === 'empty') return 'there is no user-data';
  if (userData.kind === 'not-ours') return `the user-data is ${userData.what}`;

  // What needs no further request is judged first.
  const early = validate(userData.fields, settings, []);
  if (hasErrors(early.findings)) throw refuse(early.findings, facts.userData);
  const { credentials, vpcRanges } = readCredentials(host, session, facts);
  const { request, findings } = validate(userData.fields, settings, vpcRanges);
  if (request === undefined) throw refuse(findings, facts.userData);

  const ids = secretIdsOf(request);
  const hasAuthority = host.modeOf(authorityFile) !== undefined;
  const found = readSecrets(host, {
    endpoint: environment.secretsUrl(facts.region),
    region: facts.region,
    authorityFile: hasAuthority ? authorityFile : undefined,
    credentials,
    ids: [ids.node, ids.shared],
  });
  timeline.add('secrets-read', host.uptimeMs());
  const secrets: NodeSecrets = {
    node: found[ids.node] ?? {},
    shared: found[ids.shared] ?? {},
    ids,
  };
  const certificateKey = `${workerNameOf(request)}.pem`;
  const certificate = secrets.node[certificateKey];
  if (certificate === undefined)
    throw new BootFailure('secrets', `secret ${ids.node} has no key ${certificateKey}`);
  const nodeName = nodeNameOf(host, certificate, certificateKey);

  const values = deriveValues(request, facts, nodeName);
  const files = renderFiles(environment.templates, values, secrets);
  verifyFiles(files, values);
  const plan = makePlan(files, (path) => {
    const mode = host.modeOf(path);
    const text = mode === undefined ? undefined : host.readFile(path);
    return mode === undefined || text === undefined ? undefined : { mode, text };
  });
  applyFiles(host, plan);
  timeline.add('files-written', host.uptimeMs());
  startUnits(host, plan.units);
  timeline.add('services-started', host.uptimeMs());
  host.log(
    'info',
    `groundup: node ${nodeName}: ${plan.writes.length} files written, ` +
      `${plan.unchanged.length} unchanged, kubelet and kube-proxy started`,
  );
  return undefined;
};

const sayFailure = (host: Host, failure: BootFailure): void => {
  for (const detail of failure.details)
    for (const line of detail.split('\n')) host.log('error', line);
  const line = `groundup: NOT configured: ${failure.message}; nothing was written`;
  host.log('error', line);
  host.console(line);
};

/** `agent.mjs configure`; returns the exit code. Never throws. */
export const runConfigure = (host: Host, environment: Environment): number => {
  const timeline = new Timeline();
  timeline.add('agent-started', host.uptimeMs());
  try {
    const idle = configure(host, environment, timeline);
    if (idle !== undefined) host.log('info', `groundup: nothing to do: ${idle}`);
    else writeTimeline(host, timeline);
    return 0;
  } catch (error) {
    if (error instanceof BootFailure) {
      sayFailure(host, error);
      return exitCodes[error.failureClass];
    }
    const { message, stack = '' } = error as Error;
    sayFailure(host, new BootFailure('internal', `internal error: ${message}`, [stack]));
    return exitCodes.internal;
  }
};
