// The instance whose files these are -> what another instance made is gone before ours is written.
// An image made of a running node, or a root volume moved to another instance, boots with files,
// keys and leases that belong to a node that is somebody else.
import type { NodeFile } from './build.ts';
import type { IdentityMethod } from './derive.ts';
import { BootFailure, excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';

export const instancePath = '/var/lib/groundup/instance-id';

/** With another identity an instance is another node. */
const recordOf = (instanceId: string, identity: IdentityMethod): string =>
  identity === 'files' ? instanceId : `${instanceId} ${identity}`;

const readRecord = (host: Pick<Host, 'readFile'>): string | undefined =>
  host.readFile(instancePath)?.trim();

/** True when the files on this disk are that node's. */
export const isRecorded = (
  host: Pick<Host, 'readFile'>,
  instanceId: string,
  identity: IdentityMethod,
): boolean => readRecord(host) === recordOf(instanceId, identity);

/** Whose files there are, written after all others; absent before a first boot. */
export const instanceFile = (instanceId: string, identity: IdentityMethod): NodeFile => ({
  path: instancePath,
  mode: 0o644,
  content: `${recordOf(instanceId, identity)}\n`,
});

/** Everything a node keeps for itself: configuration, keys, pods' addresses, the kubelet's state. */
const nodeFolders = [
  '/etc/cni/net.d',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/lib/kube-proxy',
  '/var/lib/kubernetes',
] as const;

/** Removes what another instance left; true when there was one. Throws a BootFailure. */
export const forgetOtherInstance = (
  host: Host,
  instanceId: string,
  identity: IdentityMethod,
): boolean => {
  const recorded = readRecord(host);
  if (recorded === undefined || isRecorded(host, instanceId, identity)) return false;
  const folders = nodeFolders.map((folder) => host.place(folder));
  // Not across file systems: a volume that is mounted there is nobody's to empty.
  const args = ['--recursive', '--force', '--one-file-system', ...folders];
  const { exitCode, stderr } = host.run('rm', args, { timeoutMs: 60_000 });
  if (exitCode === 0) return true;
  const said = excerpt(stderr) || `rm ended with exit code ${exitCode}`;
  const outcome = `the files of ${excerpt(recorded, 30)} are partly there; boot again`;
  throw new BootFailure('write', said, outcome);
};
