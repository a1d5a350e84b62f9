// When kube-proxy starts. Pods come to a node that is Ready, and none needs a Service before: until then
// kube-proxy would take processor and volume from the kubelet's start.
import { excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';

const unit = 'kube-proxy.service';
/**
 * From registration. A node whose pod network is brought by a pod, as with `pod-cidr=none`, is not Ready
 * before that pod has reached the API server by its Service.
 */
const graceMs = 3000;

export interface KubeProxyStart {
  /** Once in a run of this command; systemd leaves one that runs as it is. */
  start: () => void;
  /** The Node is of this boot, and not Ready yet. */
  noteRegistered: () => void;
  /** For loops that wait. */
  look: () => void;
}

export const createKubeProxyStart = (host: Host): KubeProxyStart => {
  let isStarted = false;
  let registeredMs: number | undefined;
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
    noteRegistered: () => {
      registeredMs ??= host.uptimeMs();
    },
    look: () => {
      if (registeredMs !== undefined && host.uptimeMs() - registeredMs >= graceMs) start();
    },
  };
};
