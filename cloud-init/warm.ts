// An instance in a warm pool: all files are there, the kubelet is not. Reads what a start will read,
// tells the group that it is prepared, and waits until the group takes it into service.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html
import { configure } from './agent.ts';
import type { Environment } from './boot-input.ts';
import type { Host } from './hosts/host.ts';
import { openSession, readMetadata, type Session } from './imds-session.ts';
import { isWarmed, lifecycleStatePath } from './imds.ts';
import { completeLifecycleAction, formatCompletion, readLifecycleHook } from './lifecycle-hook.ts';
import { reportFailures } from './report-failures.ts';
import type { Ending } from './state.ts';

/** What services, and the first pod, are started from. */
export const preReadPaths = [
  '/usr/local/bin/kubelet',
  '/usr/local/bin/kube-proxy',
  '/usr/local/bin/containerd-shim-runc-v2',
  '/usr/local/bin/runc',
  '/opt/cni/bin/bridge',
  '/opt/cni/bin/ptp',
  '/opt/cni/bin/host-local',
  '/opt/cni/bin/portmap',
  '/opt/cni/bin/loopback',
] as const;

/** The kubelet alone may take a quarter of a minute from a volume that nobody has read. */
const readTimeoutMs = 120_000;
/** Mean time between two questions. */
const pauseMs = 5000;

/** Into the page cache, and from the snapshot into the volume, which a stop leaves as it is. */
const preRead = (host: Host): void => {
  for (const path of preReadPaths) {
    const args = [`if=${host.place(path)}`, 'of=/dev/null', 'bs=1M', 'status=none'];
    const { exitCode, stderr } = host.run('dd', args, { timeoutMs: readTimeoutMs });
    if (exitCode !== 0) host.log('warning', `groundup: reading ${path} ahead: ${stderr.trim()}`);
  }
};

const tellGroup = (host: Host): void => {
  const hook = readLifecycleHook(host);
  if (hook === undefined) return;
  const completion = completeLifecycleAction(host, hook, 'CONTINUE');
  const priority = typeof completion === 'object' ? 'warning' : 'info';
  host.log(priority, `groundup: prepared; ${formatCompletion('CONTINUE', completion)}`);
};

const readState = (host: Host, session: Session): string | undefined =>
  readMetadata(host, session, [lifecycleStatePath])[0]?.trim();

/** Returns the first state that is not a warm pool's. */
const awaitService = (host: Host, session: Session): string | undefined => {
  for (;;) {
    const state = readState(host, session);
    if (!isWarmed(state)) return state;
    host.sleep(pauseMs * (0.5 + host.random()));
  }
};

const waitInPool = (host: Host, { imdsUrl }: Environment): Ending => {
  const session = openSession(host, imdsUrl);
  // Started again after a failure, it may find the instance on its way into service.
  if (isWarmed(readState(host, session))) {
    preRead(host);
    tellGroup(host);
  }
  const state = awaitService(host, session);
  const message = state === undefined ? 'out of its group' : `on its way to ${state}`;
  host.log('info', `groundup: this instance is ${message}`);
  return { outcome: 'prepared', message };
};

/**
 * The command `warm`: ends with the boot's second half when the group takes the instance, or when
 * it terminates it. It looks on for as long as the instance is in the pool, be it days.
 */
export const warm = (host: Host, environment: Environment): number => {
  let state = '';
  const exitCode = reportFailures(host, 'NOT watching the warm pool', () => {
    const ending = waitInPool(host, environment);
    state = ending.message;
    return ending;
  });
  if (exitCode !== 0 || state.endsWith('Terminated')) return exitCode;
  return configure(host, environment);
};
