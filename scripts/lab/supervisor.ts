// First process in a lab's namespaces: makes the VPC, serves its addresses, starts what is asked for.
// When it ends, however it ends, the kernel ends every process of the lab and takes the network away.
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import path from 'node:path';
import { findAccelerator } from '../image/accelerator.ts';
import { runTool } from '../project/tools.ts';
import { Failure } from '../terminal/failure.ts';
import {
  apiServerUrl,
  prefixesMax,
  prefixWorkersMax,
  vpc,
  workerAddresses,
  type WorkerAddresses,
} from './addresses.ts';
import { autoscalingListener, type LifecycleAction, type WaitingHook } from './autoscaling.ts';
import type { Touch, VolumeStatistics } from './cold-volume/model.ts';
import { createControl, type Handler } from './control.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { startDnsmasq } from './dnsmasq.ts';
import {
  createImds,
  type Credentials,
  type ImdsRequest,
  type Instance,
  type IssuedToken,
} from './imds.ts';
import { connectWorker, createNetwork, disconnectWorker, plug } from './network.ts';
import {
  CertificateAuthority,
  controlPlaneIdentities,
  kubeconfigFor,
  workerIdentity,
} from './pki.ts';
import { killService, stopService } from './processes.ts';
import { socketOf, type Operations, type WorkerRequest, type WorkerStatus } from './protocol.ts';
import { askQemu } from './qmp.ts';
import { busyboxImage, createRegistry } from './registry.ts';
import { secretsManagerListener } from './secrets-manager.ts';
import { Volumes } from './volumes.ts';
import { diskName, startMachine, type Machine, type MachineOptions } from './vm.ts';

const cluster = 'k8s-cluster-from-ground-up';
const secretPrefix = 'k8s';
const memoryMibDefault = 1280;

interface Worker {
  addresses: WorkerAddresses;
  instance: Instance;
  machine: Machine;
  options: MachineOptions;
}

const listen = (server: NetServer, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });

/** As AWS refuses what an instance type has no room for. */
const takePrefixes = ({ name, prefixes }: WorkerAddresses, count: number): readonly string[] => {
  if (count <= prefixes.length) return prefixes.slice(0, count);
  const message = `has ${prefixes.length} prefixes, not ${count}`;
  const hint = `workers 0 to ${prefixWorkersMax - 1} may have up to ${prefixesMax}`;
  throw new Failure({ step: name, message, hint });
};

class Supervisor {
  readonly #folder: string;
  readonly #authority: CertificateAuthority;
  readonly #secrets = new Map<string, string>();
  readonly #workers = new Map<string, Worker>();
  readonly #imdsLog: ImdsRequest[] = [];
  readonly #tokens: IssuedToken[] = [];
  readonly #waitingHooks = new Map<string, WaitingHook>();
  readonly #lifecycleActions: LifecycleAction[] = [];
  readonly #credentials: Credentials;
  readonly #volumes: Volumes;
  #publicKey = '';
  #controlPlane: ControlPlane | undefined;

  private constructor(folder: string, authority: CertificateAuthority) {
    this.#folder = folder;
    this.#authority = authority;
    this.#volumes = new Volumes(folder);
    this.#credentials = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(120).toString('base64'),
    };
  }

  static async start(folder: string): Promise<Supervisor> {
    await createNetwork();
    const authority = await CertificateAuthority.create(path.join(folder, 'pki'));
    const supervisor = new Supervisor(folder, authority);
    await supervisor.#serve();
    return supervisor;
  }

  async #serve(): Promise<void> {
    const keyFile = path.join(this.#folder, 'ssh-key');
    await runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', keyFile], {
      step: 'vpc',
      timeoutMs: 10_000,
    });
    this.#publicKey = (await readFile(`${keyFile}.pub`, 'utf8')).trim();
    await startDnsmasq(this.#folder);
    const imds = createImds({
      instanceAt: (address) =>
        [...this.#workers.values()].find(({ instance }) => instance.address === address)?.instance,
      credentials: this.#credentials,
      onToken: (token) => void this.#tokens.push(token),
      onRequest: (request) => void this.#imdsLog.push(request),
    });
    await listen(imds, 80, vpc.metadata);
    const name = 'secrets-manager' as const;
    const pair = await this.#authority.sign(name, controlPlaneIdentities[name]);
    const secretsManager = createHttpsServer(
      { key: pair.key, cert: pair.certificate },
      secretsManagerListener({ secrets: this.#secrets, credentials: this.#credentials }),
    );
    await listen(secretsManager, 443, vpc.secretsManager);
    const autoscaling = createHttpsServer(
      { key: pair.key, cert: pair.certificate },
      autoscalingListener({
        credentials: this.#credentials,
        waiting: this.#waitingHooks,
        onAction: (action) => void this.#lifecycleActions.push(action),
      }),
    );
    await listen(autoscaling, 443, vpc.autoscaling);
    await listen(createRegistry(await busyboxImage()), vpc.registryPort, vpc.registry);
  }

  async startControlPlane(programs: Operations['startControlPlane']['takes']) {
    this.#controlPlane = await startControlPlane(this.#folder, programs, this.#authority);
    const proxy = this.#controlPlane.pairs['kube-proxy'];
    const certificate = await this.#authority.certificate();
    const shared = {
      'ca.pem': certificate,
      'kube-proxy.kubeconfig': kubeconfigFor('system:kube-proxy', proxy, certificate, apiServerUrl),
    };
    this.#secrets.set(`${secretPrefix}/${cluster}/shared`, JSON.stringify(shared));
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
    this.#secrets.set(`${secretPrefix}/${cluster}/${addresses.name}`, JSON.stringify(secret));
  }

  async addWorker(request: WorkerRequest): Promise<WorkerStatus> {
    const addresses = workerAddresses(request.index);
    const { name, podCidr, nodeName, address, mac, instanceId } = addresses;
    if (this.#workers.has(name)) throw new Failure({ step: name, message: 'is running already' });
    if (request.hasSecret !== false) await this.#putSecret(addresses);
    const prefixes = takePrefixes(addresses, request.prefixCount ?? 0);
    await connectWorker(addresses, prefixes);
    if (request.isUnplugged === true) await plug(addresses, false);
    const { credentials, imageFile, volume } = request;
    const options: MachineOptions = {
      worker: addresses,
      imageFile,
      stateFolder: this.#folder,
      accelerator: await findAccelerator(),
      authority: await this.#authority.certificate(),
      memoryMib: request.memoryMib ?? memoryMibDefault,
    };
    if (volume !== undefined)
      options.blockSocket = await this.#volumes.attach(name, imageFile, volume);
    const machine = await startMachine({
      ...options,
      ...(credentials === undefined ? {} : { credentials }),
    });
    const instance: Instance = {
      address,
      instanceId,
      mac,
      hostname: nodeName,
      userData:
        request.userData ??
        `name=${name}|pod-cidr=${prefixes.length === 0 ? podCidr : 'imds-prefix'}`,
      prefixes,
      publicKey: this.#publicKey,
    };
    if (request.lifecycleState !== undefined) instance.lifecycleState = request.lifecycleState;
    if (request.waitingHook !== undefined) this.#waitingHooks.set(instanceId, request.waitingHook);
    const worker = { addresses, instance, machine, options };
    this.#workers.set(name, worker);
    return this.#statusOf(worker);
  }

  #find(name: string): Worker {
    const worker = this.#workers.get(name);
    if (worker === undefined) throw new Failure({ step: name, message: 'no such worker' });
    return worker;
  }

  async stopWorker({ name }: { name: string }): Promise<null> {
    const worker = this.#find(name);
    await stopService(worker.machine.service);
    await this.#volumes.detach(name);
    await disconnectWorker(worker.addresses, worker.instance.prefixes);
    this.#workers.delete(name);
    await rm(path.join(this.#folder, name), { recursive: true, force: true });
    return null;
  }

  /** The reset button. */
  async resetWorker({ name }: { name: string }): Promise<null> {
    await askQemu(this.#find(name).machine.qmpFile, 'system_reset');
    return null;
  }

  setUserData({ name, userData }: { name: string; userData: string }): null {
    this.#find(name).instance.userData = userData;
    return null;
  }

  setLifecycle({ name, lifecycleState, waitingHook }: Operations['setLifecycle']['takes']): null {
    const { instance } = this.#find(name);
    if (waitingHook !== undefined) this.#waitingHooks.set(instance.instanceId, waitingHook);
    instance.lifecycleState = lifecycleState;
    return null;
  }

  lifecycleActions(): LifecycleAction[] {
    return this.#lifecycleActions;
  }

  async cutPower({ name }: { name: string }): Promise<null> {
    const worker = this.#find(name);
    await killService(worker.machine.service);
    await plug(worker.addresses, true);
    worker.machine = await startMachine({ ...worker.options, hasDisk: true });
    return null;
  }

  async copyDisk({ name, file }: Operations['copyDisk']['takes']): Promise<null> {
    const { child } = this.#find(name).machine.service;
    child.kill('SIGSTOP');
    try {
      await copyFile(path.join(this.#folder, name, diskName), file);
    } finally {
      child.kill('SIGCONT');
    }
    return null;
  }

  async powerDown({ name }: { name: string }): Promise<null> {
    await askQemu(this.#find(name).machine.qmpFile, 'system_powerdown');
    return null;
  }

  setSecret({ name, fields }: Operations['setSecret']['takes']): null {
    if (fields === undefined) this.#secrets.delete(name);
    else this.#secrets.set(name, JSON.stringify(fields));
    return null;
  }

  async blockStatistics({ name }: { name: string }) {
    const devices = (await askQemu(this.#find(name).machine.qmpFile, 'query-blockstats')) as {
      stats: { rd_bytes: number; rd_operations: number };
    }[];
    const sum = (pick: (device: (typeof devices)[number]) => number) =>
      devices.reduce((total, device) => total + pick(device), 0);
    return {
      readBytes: sum(({ stats }) => stats.rd_bytes),
      readOperations: sum(({ stats }) => stats.rd_operations),
    };
  }

  volumeStatistics({ name }: { name: string }): Promise<VolumeStatistics> {
    return this.#volumes.statistics(name);
  }

  touchedBlocks({ name }: { name: string }): Promise<Touch[]> {
    return this.#volumes.touches(name);
  }

  volumeImage({ name }: { name: string }): { imageFile: string } {
    return { imageFile: this.#volumes.imageFile(name) };
  }

  #statusOf({ addresses, instance, machine }: Worker): WorkerStatus {
    const { name, nodeName, address } = addresses;
    const podCidr =
      instance.prefixes.length === 0 ? addresses.podCidr : instance.prefixes.join(' ');
    const running = machine.service.child.exitCode === null;
    return { name, nodeName, address, podCidr, running, consoleFile: machine.consoleFile };
  }

  status() {
    // Workers that start side by side are there in any order.
    const workers = [...this.#workers.values()]
      .toSorted((a, b) => a.addresses.index - b.addresses.index)
      .map((worker) => this.#statusOf(worker));
    return { workers, controlPlane: this.#controlPlane !== undefined };
  }

  imdsLog(): ImdsRequest[] {
    return this.#imdsLog;
  }

  issued(): Operations['issued']['gives'] {
    return { credentials: this.#credentials, tokens: this.#tokens };
  }
}

const handlersOf = (supervisor: Supervisor): Record<string, Handler> => ({
  startControlPlane: (takes) => supervisor.startControlPlane(takes as never),
  addWorker: (takes) => supervisor.addWorker(takes as never),
  stopWorker: (takes) => supervisor.stopWorker(takes as never),
  resetWorker: (takes) => supervisor.resetWorker(takes as never),
  setUserData: (takes) => supervisor.setUserData(takes as never),
  setSecret: (takes) => supervisor.setSecret(takes as never),
  setLifecycle: (takes) => supervisor.setLifecycle(takes as never),
  lifecycleActions: () => supervisor.lifecycleActions(),
  cutPower: (takes) => supervisor.cutPower(takes as never),
  copyDisk: (takes) => supervisor.copyDisk(takes as never),
  powerDown: (takes) => supervisor.powerDown(takes as never),
  blockStatistics: (takes) => supervisor.blockStatistics(takes as never),
  volumeStatistics: (takes) => supervisor.volumeStatistics(takes as never),
  touchedBlocks: (takes) => supervisor.touchedBlocks(takes as never),
  volumeImage: (takes) => supervisor.volumeImage(takes as never),
  status: () => supervisor.status(),
  imdsLog: () => supervisor.imdsLog(),
  issued: () => supervisor.issued(),
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
  const control = createControl(handlersOf(supervisor));
  control.listen(socketOf(folder));
} catch (error) {
  const text = error instanceof Failure ? `${error.message}\n${error.tail ?? ''}` : String(error);
  appendFileSync(path.join(folder, 'supervisor.log'), `${text}\n`, { mode: 0o600 });
  process.exit(1);
}
