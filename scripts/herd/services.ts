// What the herd shares: one Secrets Manager with AWS's quota, one metadata service with many instances.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createImds } from '../lab/imds.ts';
import { loopbackCredentials as credentials } from '../lab/loopback-instance.ts';
import { bakedSettings } from '../lab/loopback-node.ts';
import { secretsManagerListener } from '../lab/secrets-manager.ts';
import { createTokenBucket } from '../lab/token-bucket.ts';
import type { HerdNode } from './node.ts';

/** Requests of one node to Secrets Manager. */
export interface Calls {
  all: number;
  throttled: number;
}

export interface HerdServices {
  /** With the number of a node behind it, e.g. `…/17`. */
  imdsUrl: string;
  secretsUrl: string;
  calls: Calls[];
  close(): Promise<void>;
}

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', 1024, resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Each node has its own path, as all of them have the same address. */
const createMetadata = (count: number): Server => {
  const services = Array.from({ length: count }, (_, index) => {
    const instance = {
      address: '172.31.0.20',
      instanceId: `i-${(index + 1).toString(16).padStart(17, '0')}`,
      mac: '0e:49:61:0f:c3:14',
      hostname: 'ip-172-31-0-20',
      userData: `name=worker-${index}|pod-cidr=172.20.0.0/24`,
      publicKey: '',
      prefixes: [],
    };
    return createImds({ instanceAt: () => instance, credentials });
  });
  return createServer((request, response) => {
    const [, index = '', rest = '/'] = /^\/(\d+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const service = services[Number(index)];
    request.url = rest;
    if (index === '' || service === undefined) response.writeHead(404).end();
    else service.emit('request', request, response);
  });
};

/** Nodes are known by the secret that they ask for; the quota is counted in their time. */
export const startServices = async (
  nodes: readonly HerdNode[],
  count: number,
  fields: { node: Record<string, unknown>; shared: Record<string, unknown> },
  perSecond: number,
): Promise<HerdServices> => {
  const folder = `k8s/${bakedSettings.cluster}`;
  const secrets = new Map([[`${folder}/shared`, JSON.stringify(fields.shared)]]);
  // The same certificate under each node's own file names: whose it is makes no difference here.
  for (let index = 0; index < count; index += 1) {
    const text = JSON.stringify(fields.node).replaceAll('worker-0', `worker-${index}`);
    secrets.set(`${folder}/worker-${index}`, text);
  }
  const calls = Array.from({ length: count }, (): Calls => ({ all: 0, throttled: 0 }));
  const bucket = createTokenBucket(perSecond);
  const isThrottled = (operation: string, body: string): boolean => {
    const index = Number(/\/worker-(\d+)"/.exec(body)?.[1] ?? -1);
    const [node, counted] = [nodes[index], calls[index]];
    if (operation !== 'BatchGetSecretValue' || node === undefined || counted === undefined)
      return true;
    counted.all += 1;
    const isServed = bucket.take(node.nowMs);
    if (!isServed) counted.throttled += 1;
    return !isServed;
  };
  const imds = createMetadata(count);
  const manager = createServer(secretsManagerListener({ secrets, credentials, isThrottled }));
  const imdsUrl = await listen(imds);
  const secretsUrl = await listen(manager);
  return {
    imdsUrl,
    secretsUrl,
    calls,
    close: async () => {
      await Promise.all([close(imds), close(manager)]);
    },
  };
};
