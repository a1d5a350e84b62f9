// The instance whose files these are -> what another instance made is gone before ours is written.
// An image made of a running node, or a root volume moved to another instance, boots with files,
// keys and leases that belong to a node that is somebody else.
import type { NodeFile } from './build.ts';
import { BootFailure, excerpt } from './failure.ts';
import type { NodeNames } from './derive.ts';
import { podRulesPath } from './files.ts';
import type { Host } from './hosts/host.ts';
import { timelinePaths } from './timeline-record.ts';

export const instancePath = '/var/lib/groundup/instance-id';

/** With another identity, pod network, cluster or name an instance is another node. */
const recordOf = (
  instanceId: string,
  { identity, podNetwork, sharedSecret, workerName }: NodeNames,
): string => [instanceId, identity, podNetwork, sharedSecret, workerName].join(' ');

const readRecord = (host: Pick<Host, 'readFile'>): string | undefined =>
  host.readFile(instancePath)?.trim();

/** True when the files on this disk are that node's. */
export const isRecorded = (
  host: Pick<Host, 'readFile'>,
  instanceId: string,
  names: NodeNames,
): boolean => readRecord(host) === recordOf(instanceId, names);

/** Whose files there are, written after all others; absent before a first boot. */
export const instanceFile = (instanceId: string, names: NodeNames): NodeFile => ({
  path: instancePath,
  mode: 0o644,
  content: `${recordOf(instanceId, names)}\n`,
});

/** Everything a node keeps for itself: configuration, keys, pods' addresses, states, timelines. */
const nodePlaces = [
  '/etc/cni/net.d',
  '/etc/cni/groundup',
  podRulesPath,
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/lib/kube-proxy',
  '/var/lib/kubernetes',
  ...timelinePaths,
] as const;

/** Removes what another node left; true when there was one. Throws a BootFailure. */
export const forgetOtherInstance = (host: Host, instanceId: string, names: NodeNames): boolean => {
  const recorded = readRecord(host);
  if (recorded === undefined || isRecorded(host, instanceId, names)) return false;
  const places = nodePlaces.map((place) => host.place(place));
  // Not across file systems: a volume that is mounted there is nobody's to empty.
  const args = ['--recursive', '--force', '--one-file-system', ...places];
  const { exitCode, stderr } = host.run('rm', args, { timeoutMs: 60_000 });
  if (exitCode === 0) return true;
  const said = excerpt(stderr) || `rm ended with exit code ${exitCode}`;
  const [other = ''] = recorded.split(' ');
  const outcome = `the files of ${excerpt(other, 30)} are partly there; boot again`;
  throw new BootFailure('write', said, outcome);
};
