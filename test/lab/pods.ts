// The pods and Services that prove a cluster: one server a worker, a Service before both and before
// one alone.
import { registryHost } from '../../scripts/lab/addresses.ts';
import type { WorkerStatus } from '../../scripts/lab/protocol.ts';

const image = `${registryHost}/busybox:lab`;
export const serverPort = 8080;

/** A pod on a named node that serves its own name over HTTP. */
const serverPod = (name: string, nodeName: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'server', server: name } },
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'server',
        image,
        command: ['/busybox', 'sh', '-c'],
        args: [
          `/busybox mkdir -p /www && echo ${name} >/www/index.html && echo serving ${name} && ` +
            `exec /busybox httpd -f -p ${serverPort} -h /www`,
        ],
      },
    ],
  },
});

const service = (name: string, selector: Record<string, string>, clusterIP: string): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector, clusterIP, ports: [{ port: 80, targetPort: serverPort }] },
});

/** Addresses of the Services, inside the lab's service range. */
export const serviceAddresses = { servers: '10.32.0.80', 'server-0': '10.32.0.90' } as const;

export const podName = (index: number): string => `server-${index}`;

/** Everything as one List for `kubectl apply`. */
export const proofObjects = (workers: readonly WorkerStatus[]): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      ...workers.map(({ nodeName }, index) => serverPod(podName(index), nodeName)),
      service('servers', { app: 'server' }, serviceAddresses.servers),
      service('server-0', { server: 'server-0' }, serviceAddresses['server-0']),
    ],
  });
