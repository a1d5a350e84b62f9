// One boot, from user-data to started services; the stages are the files beside this one.
import { applyPlan } from './apply.ts';
import { buildFiles } from './build.ts';
import { deriveNames, deriveValues, type NodeNames } from './derive.ts';
import { BootFailure, excerpt, failureClasses } from './failure.ts';
import type { Host } from './hosts/host.ts';
import {
  openSession,
  readCredentials,
  readFacts,
  type InstanceFacts,
  type Session,
} from './imds.ts';
import { forgetOtherInstance, instanceFile } from './instance.ts';
import { awaitNetwork } from './network.ts';
import { takeIdentity } from './node-identity.ts';
import { makePlan } from './plan.ts';
import type { Templates } from './render.ts';
import { formatFindingsInLine, type Finding } from './report.ts';
import { readSecrets, type SecretFields } from './secrets.ts';
import { parseSettings, settingsPath } from './settings.ts';
import { writeState, type Ending } from './state.ts';
import { writeTimeline, type Timeline, type TimelineEvent } from './timeline.ts';
import { checkGroup, checkNetwork } from './ranges.ts';
import { checkUserData, type NodeRequest } from './validate.ts';
import type { Span } from './user-data.ts';

/** Where the agent finds what it needs outside the node; tests point it elsewhere. */
export interface Environment {
  /** Without a slash at the end. */
  imdsUrl: string;
  /** In place of the regional address of Secrets Manager. */
  secretsUrl?: string;
  templates: Templates;
}

const authorityPath = '/etc/groundup/ca.pem';
const units = ['kubelet.service', 'kube-proxy.service', 'groundup-ready.service'] as const;

const iptablesPath = '/usr/sbin/iptables';

/** An override cannot install what the image was not baked with. */
const checkProgram = (host: Host, { settings }: NodeRequest): void => {
  if (settings['kube-proxy-mode'] !== 'iptables' || host.status(iptablesPath) !== undefined) return;
  const message = 'kube-proxy-mode iptables: this image has no iptables';
  throw new BootFailure('settings', `${message} (bake one with kube-proxy-mode: iptables)`);
};

const refusal = (findings: readonly Finding[]): BootFailure => {
  const count = findings.length === 1 ? '' : `${findings.length} errors: `;
  return new BootFailure('user-data', `${count}${formatFindingsInLine('user-data', findings)}`);
};

type Reading =
  | { skipped: string }
  | { session: Session; facts: InstanceFacts; request: NodeRequest; podCidrAt: Span };

const readRequest = (host: Host, { imdsUrl }: Environment): Reading => {
  const session = openSession(host, imdsUrl);
  const facts = readFacts(host, session);
  if (facts.userData === undefined) return { skipped: 'no user-data' };
  const settings = parseSettings(host.readFile(settingsPath));
  const check = checkUserData(facts.userData, settings);
  if (check.kind === 'none') return { skipped: 'empty user-data' };
  if (check.kind === 'foreign') return { skipped: `user-data is ${check.form}, not for groundup` };
  if (check.kind === 'errors') throw refusal(check.findings);
  const inGroup = checkGroup(check.podCidrAt, { ...check.request, ...facts });
  if (inGroup.length > 0) throw refusal(inGroup);
  for (const warning of check.warnings)
    host.log('warning', `groundup: ${formatFindingsInLine('user-data', [warning])}`);
  return { session, facts, request: check.request, podCidrAt: check.podCidrAt };
};

const readSecretFields = (
  host: Host,
  environment: Environment,
  reading: { session: Session; facts: InstanceFacts; podCidrAt: Span },
  names: NodeNames,
): SecretFields => {
  const { session, facts, podCidrAt } = reading;
  const { credentials, network } = readCredentials(host, session, facts);
  const findings = checkNetwork(podCidrAt, network);
  if (findings.length > 0) throw refusal(findings);
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

/** Unchanged files leave running services alone; changed ones need a restart to be read. */
const startServices = (host: Host, hasChanged: boolean): void => {
  const verb = hasChanged ? 'restart' : 'start';
  const result = host.run('systemctl', [verb, '--no-block', ...units], { timeoutMs: 30_000 });
  if (result.exitCode === 0) return;
  const said = excerpt(result.stderr) || `exit code ${result.exitCode}`;
  throw new BootFailure('services', `systemctl ${verb}: ${said}`, 'the files are in place');
};

/** On a file system in memory: this boot makes a node, for which cloud-init waits a while. */
const nodeMarkPath = '/run/groundup/node';

/** cloud-init without the mark does not wait: that it cannot be written is only logged. */
const tellCloudInit = (host: Host, nodeName: string): void => {
  try {
    host.remove(nodeMarkPath);
    host.createFile(nodeMarkPath, `${nodeName}\n`, 0o644);
  } catch (error) {
    host.log('warning', `groundup: ${nodeMarkPath}: ${(error as Error).message}`);
  }
};

const configureNode = (host: Host, environment: Environment): Ending => {
  const timeline: Timeline = {};
  const mark = (event: TimelineEvent): void => {
    timeline[event] = host.uptimeMs();
  };
  awaitNetwork(host);
  mark('network-online');
  const reading = readRequest(host, environment);
  if ('skipped' in reading) {
    const message = `${reading.skipped}: this instance is no node of ours`;
    host.log('notice', `groundup: ${message}`);
    return { outcome: 'not-ours', message };
  }
  mark('user-data-read');
  checkProgram(host, reading.request);
  const { request, facts } = reading;
  const { instanceId } = facts;
  const names = deriveNames(request, instanceId);
  const readFields = () => readSecretFields(host, environment, reading, names);
  const { secretFiles, nodeName } = takeIdentity(host, { names, request, facts, readFields });
  mark('secrets-read');
  const values = deriveValues(request, names, { ...facts, nodeName });
  const files = buildFiles(names, values, environment.templates, secretFiles);
  if (forgetOtherInstance(host, instanceId, names.identity))
    host.log('notice', 'groundup: this disk has another node on it, which is removed');
  const plan = makePlan(host, [...files, instanceFile(instanceId, names.identity)], names.identity);
  applyPlan(host, plan);
  mark('files-written');
  const hasChanged = plan.write.length > 0;
  tellCloudInit(host, nodeName);
  startServices(host, hasChanged);
  mark('services-started');
  writeTimeline(host, timeline);
  const outcome = hasChanged
    ? `${plan.write.length} file${plan.write.length === 1 ? '' : 's'} written`
    : 'nothing has changed';
  const message = `${names.workerName} is node ${nodeName} (${outcome})`;
  host.log('info', `groundup: ${message}`);
  return { outcome: 'configured', message };
};

/** Runs `work`; a failure becomes one line in journal and console. Returns the exit code. */
export const reportFailures = (host: Host, what: string, work: () => Ending): number => {
  try {
    writeState(host, work(), 0);
    return 0;
  } catch (error) {
    const isKnown = error instanceof BootFailure;
    const failureClass = isKnown ? error.failureClass : 'internal';
    const cause = isKnown ? error.message : `internal error: ${excerpt(String(error))}`;
    const outcome = isKnown ? error.outcome : 'please report it';
    const message = `${what}: ${cause}; ${outcome}`;
    const line = `groundup: ${message}`;
    host.log('error', line);
    host.console(line);
    if (!isKnown) host.log('info', String((error as Error).stack));
    const { exitCode } = failureClasses[failureClass];
    writeState(host, { outcome: 'failed', failureClass, message }, exitCode);
    return exitCode;
  }
};

/** The command `configure`: run at every boot, writes only what differs. */
export const configure = (host: Host, environment: Environment): number =>
  reportFailures(host, 'NOT configured', () => configureNode(host, environment));
