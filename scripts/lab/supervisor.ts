// First process in a lab's namespaces: makes the VPC, serves its addresses, starts what is asked for.
// When it ends, however it ends, the kernel ends every process of the lab and takes the network away.
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../project/tools.ts';
import { Failure } from '../terminal/failure.ts';
import { apiServerUrl, workerAddresses, type WorkerAddresses } from './addresses.ts';
import { createControl, type Handler } from './control.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { createNetwork } from './network.ts';
import { CertificateAuthority, kubeconfigFor, workerIdentity } from './pki.ts';
import { socketOf, type Operations, type WorkerRequest, type WorkerStatus } from './protocol.ts';
import { startVpcServices, type VpcServices } from './vpc-services.ts';
import { WorkerMachines } from './worker-machines.ts';

const cluster = 'k8s-cluster-from-ground-up';
const secretPrefix = 'k8s';

/** The public half of the key that `lab -- ssh` and tests log in with. */
const makeLoginKey = async (folder: string): Promise<string> => {
  const keyFile = path.join(folder, 'ssh-key');
  await runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', keyFile], {
    step: 'vpc',
    timeoutMs: 10_000,
  });
  return (await readFile(`${keyFile}.pub`, 'utf8')).trim();
};

class Supervisor {
  readonly #folder: string;
  readonly #authority: CertificateAuthority;
  readonly services: VpcServices;
  readonly machines: WorkerMachines;
  #controlPlane: ControlPlane | undefined;

  private constructor(
    folder: string,
    authority: CertificateAuthority,
    services: VpcServices,
    machines: WorkerMachines,
  ) {
    this.#folder = folder;
    this.#authority = authority;
    this.services = services;
    this.machines = machines;
  }

  static async start(folder: string): Promise<Supervisor> {
    await createNetwork();
    const authority = await CertificateAuthority.create(path.join(folder, 'pki'));
    const machines = new WorkerMachines(folder, authority, await makeLoginKey(folder));
    const instanceAt = machines.instanceAt.bind(machines);
    const services = await startVpcServices(folder, authority, instanceAt);
    return new Supervisor(folder, authority, services, machines);
  }

  async startControlPlane(programs: Operations['startControlPlane']['takes']) {
    this.#controlPlane = await startControlPlane(this.#folder, programs, this.#authority);
    const proxy = this.#controlPlane.pairs['kube-proxy'];
    const certificate = await this.#authority.certificate();
    const shared = {
      'ca.pem': certificate,
      'kube-proxy.kubeconfig': kubeconfigFor('system:kube-proxy', proxy, certificate, apiServerUrl),
    };
    this.services.secrets.set(`${secretPrefix}/${cluster}/shared`, JSON.stringify(shared));
    return { kubeconfigFile: this.#controlPlane.kubeconfigFile };
  }

  /** The worker's certificate, key and kubeconfig, under the seed's file names. */
  async #putSecret(addresses: WorkerAddresses): Promise<void> {
    const file = `${cluster}-${addresses.name}`;
    const pair = await this.#authority.sign(file, workerIdentity(addresses));
    const user = `system:node:${addresses.nodeName}`;
    const certificate = await this.#authority.certificate();
    const secret = {
      [`${file}.pem`]: pair.certificate,
      [`${file}-key.pem`]: pair.key,
      [`${file}.kubeconfig`]: kubeconfigFor(user, pair, certificate, apiServerUrl),
    };
    this.services.secrets.set(
      `${secretPrefix}/${cluster}/${addresses.name}`,
      JSON.stringify(secret),
    );
  }

  async addWorker(request: WorkerRequest): Promise<WorkerStatus> {
    const { index, hasSecret, waitingHook } = request;
    const addresses = workerAddresses(index);
    this.machines.refuseRunning(addresses.name);
    if (hasSecret !== false) await this.#putSecret(addresses);
    if (waitingHook !== undefined)
      this.services.waitingHooks.set(addresses.instanceId, waitingHook);
    return this.machines.add(request);
  }

  setUserData({ name, userData }: { name: string; userData: string }): null {
    this.machines.find(name).instance.userData = userData;
    return null;
  }

  setLifecycle({ name, lifecycleState, waitingHook }: Operations['setLifecycle']['takes']): null {
    const { instance } = this.machines.find(name);
    if (waitingHook !== undefined) this.services.waitingHooks.set(instance.instanceId, waitingHook);
    instance.lifecycleState = lifecycleState;
    return null;
  }

  setSecret({ name, fields }: Operations['setSecret']['takes']): null {
    const { secrets } = this.services;
    if (fields === undefined) secrets.delete(name);
    else secrets.set(name, JSON.stringify(fields));
    return null;
  }

  status(): Operations['status']['gives'] {
    return {
      workers: this.machines.statuses(),
      controlPlane: this.#controlPlane !== undefined,
    };
  }
}

const handlersOf = (
  supervisor: Supervisor,
  { machines, services }: Pick<Supervisor, 'machines' | 'services'>,
): Record<string, Handler> => ({
  startControlPlane: (takes) => supervisor.startControlPlane(takes as never),
  addWorker: (takes) => supervisor.addWorker(takes as never),
  stopWorker: (takes) => machines.stop(takes as never),
  resetWorker: (takes) => machines.reset(takes as never),
  setUserData: (takes) => supervisor.setUserData(takes as never),
  setSecret: (takes) => supervisor.setSecret(takes as never),
  setLifecycle: (takes) => supervisor.setLifecycle(takes as never),
  lifecycleActions: (): Operations['lifecycleActions']['gives'] => services.lifecycleActions,
  cutPower: (takes) => machines.cutPower(takes as never),
  copyDisk: (takes) => machines.copyDisk(takes as never),
  powerDown: (takes) => machines.powerDown(takes as never),
  blockStatistics: (takes) => machines.blockStatistics(takes as never),
  volumeStatistics: (takes) => machines.volumeStatistics(takes as never),
  touchedBlocks: (takes) => machines.touchedBlocks(takes as never),
  volumeImage: (takes) => machines.volumeImage(takes as never),
  status: () => supervisor.status(),
  imdsLog: (): Operations['imdsLog']['gives'] => services.imdsLog,
  issued: (): Operations['issued']['gives'] => ({
    credentials: services.credentials,
    tokens: services.tokens,
  }),
});

/**
 * Until the command that started the lab says `keep`, the lab lives only as long as that command:
 * its end closes our standard input.
 */
const dieWithStarter = (): void => {
  let kept = false;
  process.stdin.on('data', (chunk) => {
    if (String(chunk).includes('keep')) kept = true;
  });
  process.stdin.on('end', () => {
    if (!kept) process.exit(1);
  });
};

const folder = process.argv[2] ?? '';
dieWithStarter();
try {
  const supervisor = await Supervisor.start(folder);
  const control = createControl(handlersOf(supervisor, supervisor));
  control.listen(socketOf(folder));
} catch (error) {
  const text = error instanceof Failure ? `${error.message}\n${error.tail ?? ''}` : String(error);
  appendFileSync(path.join(folder, 'supervisor.log'), `${text}\n`, { mode: 0o600 });
  process.exit(1);
}
