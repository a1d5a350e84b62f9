// One boot, from user-data to started services; the stages are the files beside this one.
import { applyPlan } from './apply.ts';
import {
  checkRanges,
  readPodNetwork,
  readRequest,
  readSecretFields,
  type Boot,
  type Environment,
} from './boot-input.ts';
import { buildFiles } from './build.ts';
import { deriveNames, deriveValues, type NodeNames } from './derive.ts';
import { BootFailure, excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { isWarmed } from './imds.ts';
import { forgetOtherInstance, instanceFile } from './instance.ts';
import { awaitNetwork, readMtuBytes } from './network.ts';
import { takeIdentity } from './node-identity.ts';
import { makePlan } from './plan.ts';
import { reportFailures } from './report-failures.ts';
import type { Ending } from './state.ts';
import { recordSystemd } from './systemd-moments.ts';
import { openRecord, type TimelineRecord } from './timeline-record.ts';

/** kube-proxy is not among them: `ready` starts it, see kube-proxy.ts; with `ready` it is started again. */
const unitsOf = ({ podNetwork }: NodeNames): string[] => [
  ...(podNetwork === 'imds-prefix' ? ['groundup-pod-network.service'] : []),
  'kubelet.service',
  'groundup-ready.service',
];

const startUnits = (host: Host, verb: 'start' | 'restart', units: readonly string[]): void => {
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

const configureNode = (
  host: Host,
  environment: Environment,
  boot: Boot,
  { mark, markAt, look }: TimelineRecord,
): Ending => {
  awaitNetwork(host, look);
  mark('network-online');
  const reading = readRequest(host, environment, boot);
  if ('skipped' in reading) {
    const message = `${reading.skipped}: this instance is no node of ours`;
    host.log('notice', `groundup: ${message}`);
    return { outcome: 'not-ours', message };
  }
  mark('user-data-read');
  const { request, facts } = reading;
  const { instanceId } = facts;
  const network = readPodNetwork(host, reading);
  const names = deriveNames(request, instanceId);
  const readFields = () => readSecretFields(host, environment, reading, names);
  const checkWithoutFields = () => checkRanges(host, reading, network);
  const source = { names, request, facts, readFields, checkWithoutFields };
  const { secretFiles, nodeName } = takeIdentity(host, source);
  mark('secrets-read');
  const mtuBytes = readMtuBytes(host);
  const values = deriveValues(request, names, { ...facts, nodeName, network, mtuBytes });
  const files = buildFiles(names, values, environment.templates, secretFiles);
  if (forgetOtherInstance(host, instanceId, names))
    host.log('notice', 'groundup: this disk has another node on it, which is removed');
  const plan = makePlan(host, [...files, instanceFile(instanceId, names)], names);
  applyPlan(host, plan);
  mark('files-written');
  const count = plan.write.length;
  const outcome =
    count === 0 ? 'nothing has changed' : `${count} file${count === 1 ? '' : 's'} written`;
  const isWarm = isWarmed(facts.lifecycleState);
  if (isWarm) startUnits(host, 'start', ['groundup-warm.service']);
  else {
    tellCloudInit(host, nodeName);
    // Unchanged files leave running services alone; changed ones need a restart to be read.
    const askedMs = host.uptimeMs();
    startUnits(host, count > 0 ? 'restart' : 'start', unitsOf(names));
    // systemd may have started them before its client has ended.
    markAt('services-started', askedMs);
  }
  const message = isWarm
    ? `${names.workerName} is prepared as node ${nodeName} (${outcome}), and ${facts.lifecycleState}: the kubelet is held`
    : `${names.workerName} is node ${nodeName} (${outcome})`;
  host.log('info', `groundup: ${message}`);
  return { outcome: isWarm ? 'prepared' : 'configured', message };
};

/** The command `configure`: run at every boot, writes only what differs. */
export const configure = (host: Host, environment: Environment): number => {
  const boot: Boot = { hook: undefined };
  const record = openRecord(host);
  let isOurs = true;
  const exitCode = reportFailures(
    host,
    'NOT configured',
    () => {
      const ending = configureNode(host, environment, boot, record);
      isOurs = ending.outcome !== 'not-ours';
      return ending;
    },
    () => boot.hook,
  );
  // After a failure no other command of this boot asks systemd, and nothing waits any more.
  if (exitCode !== 0) recordSystemd(host, record);
  if (isOurs) record.write();
  return exitCode;
};
