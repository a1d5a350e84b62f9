// When kube-proxy starts. Pods come to a node that is Ready, and none needs a Service before: until then
// kube-proxy would take processor and volume from the kubelet's start.
import { excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';

const unit = 'kube-proxy.service';
/**
 * A registered node that complains of its network for so long waits for a pod to bring one, as with
 * `pod-cidr=none`: it is not Ready before that pod has reached the API server by its Service.
 */
const networkGraceMs = 3000;
/** A node that is slow to become Ready for another reason is not waited for longer. */
const readyGraceMs = 30_000;

export interface KubeProxyStart {
  /** Once in a run of this command; systemd leaves one that runs as it is. */
  start: () => void;
  /** The Node is of this boot, and not Ready yet; whether it has a pod network. */
  noteRegistered: (hasNetwork: boolean) => void;
  /** For loops that wait. */
  look: () => void;
}

export const createKubeProxyStart = (host: Host): KubeProxyStart => {
  let isStarted = false;
  let registeredMs: number | undefined;
  let withoutNetworkMs: number | undefined;
  const isOver = (sinceMs: number | undefined, graceMs: number): boolean =>
    sinceMs !== undefined && host.uptimeMs() - sinceMs >= graceMs;
  const start = (): void => {
    if (isStarted) return;
    isStarted = true;
    const { exitCode, stderr } = host.run('systemctl', ['start', '--no-block', unit], {
      timeoutMs: 30_000,
    });
    if (exitCode === 0) return;
    const said = excerpt(stderr) || `exit code ${exitCode}`;
    host.log('error', `groundup: systemctl start ${unit}: ${said}`);
  };
  return {
    start,
    noteRegistered: (hasNetwork) => {
      registeredMs ??= host.uptimeMs();
      withoutNetworkMs = hasNetwork ? undefined : (withoutNetworkMs ?? host.uptimeMs());
    },
    look: () => {
      if (isOver(registeredMs, readyGraceMs) || isOver(withoutNetworkMs, networkGraceMs)) start();
    },
  };
};
