// What answers in the lab's VPC besides the control plane: DHCP and DNS, the metadata service, Secrets
// Manager, the service of autoscaling groups, a registry; and what they remember.
import { randomBytes } from 'node:crypto';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { vpc } from './addresses.ts';
import { autoscalingListener, type LifecycleAction, type WaitingHook } from './autoscaling.ts';
import { startDnsmasq } from './dnsmasq.ts';
import {
  createImds,
  type Credentials,
  type ImdsRequest,
  type Instance,
  type IssuedToken,
} from './imds.ts';
import { controlPlaneIdentities, type CertificateAuthority } from './pki.ts';
import { busyboxImage, createRegistry } from './registry.ts';
import { secretsManagerListener } from './secrets-manager.ts';

export interface VpcServices {
  /** Name -> its text, as Secrets Manager has it. */
  secrets: Map<string, string>;
  /** Instance id -> the hook that waits for it. */
  waitingHooks: Map<string, WaitingHook>;
  lifecycleActions: LifecycleAction[];
  /** Of the role that every instance has. */
  credentials: Credentials;
  imdsLog: ImdsRequest[];
  tokens: IssuedToken[];
}

const listen = (server: NetServer, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });

const makeCredentials = (): Credentials => ({
  accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64'),
  sessionToken: randomBytes(120).toString('base64'),
});

/** `instanceAt`: whose the address is that asks the metadata service. */
export const startVpcServices = async (
  folder: string,
  authority: CertificateAuthority,
  instanceAt: (address: string) => Instance | undefined,
): Promise<VpcServices> => {
  const services: VpcServices = {
    secrets: new Map(),
    waitingHooks: new Map(),
    lifecycleActions: [],
    credentials: makeCredentials(),
    imdsLog: [],
    tokens: [],
  };
  const { secrets, credentials, waitingHooks: waiting } = services;
  await startDnsmasq(folder);
  const imds = createImds({
    instanceAt,
    credentials,
    onToken: (token) => void services.tokens.push(token),
    onRequest: (request) => void services.imdsLog.push(request),
  });
  await listen(imds, 80, vpc.metadata);
  const name = 'secrets-manager' as const;
  const { key, certificate: cert } = await authority.sign(name, controlPlaneIdentities[name]);
  const secretsManager = createHttpsServer(
    { key, cert },
    secretsManagerListener({ secrets, credentials }),
  );
  await listen(secretsManager, 443, vpc.secretsManager);
  const onAction = (action: LifecycleAction) => void services.lifecycleActions.push(action);
  const autoscaling = createHttpsServer(
    { key, cert },
    autoscalingListener({ credentials, waiting, onAction }),
  );
  await listen(autoscaling, 443, vpc.autoscaling);
  await listen(createRegistry(await busyboxImage()), vpc.registryPort, vpc.registry);
  return services;
};
