// The lab's workers: their addresses, machines, disks and what EC2 would know of them.
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { findAccelerator } from '../image/accelerator.ts';
import { Failure } from '../terminal/failure.ts';
import {
  prefixesMax,
  prefixWorkersMax,
  workerAddresses,
  type WorkerAddresses,
} from './addresses.ts';
import type { Touch, VolumeStatistics } from './cold-volume/model.ts';
import type { Instance } from './imds.ts';
import { connectWorker, disconnectWorker, plug } from './network.ts';
import type { CertificateAuthority } from './pki.ts';
import { killService, stopService } from './processes.ts';
import type { Operations, WorkerRequest, WorkerStatus } from './protocol.ts';
import { askQemu } from './qmp.ts';
import { Volumes } from './volumes.ts';
import { diskName, startMachine, type Machine, type MachineOptions } from './vm.ts';

const memoryMibDefault = 1280;

interface Worker {
  addresses: WorkerAddresses;
  instance: Instance;
  machine: Machine;
  options: MachineOptions;
}

/** As AWS refuses what an instance type has no room for. */
const takePrefixes = ({ name, prefixes }: WorkerAddresses, count: number): readonly string[] => {
  if (count <= prefixes.length) return prefixes.slice(0, count);
  const message = `has ${prefixes.length} prefixes, not ${count}`;
  const hint = `workers 0 to ${prefixWorkersMax - 1} may have up to ${prefixesMax}`;
  throw new Failure({ step: name, message, hint });
};

export class WorkerMachines {
  readonly #folder: string;
  readonly #authority: CertificateAuthority;
  readonly #publicKey: string;
  readonly #workers = new Map<string, Worker>();
  readonly #volumes: Volumes;

  /** `publicKey`: of whom the metadata service lets log in. */
  constructor(folder: string, authority: CertificateAuthority, publicKey: string) {
    this.#folder = folder;
    this.#authority = authority;
    this.#publicKey = publicKey;
    this.#volumes = new Volumes(folder);
  }

  refuseRunning(name: string): void {
    if (this.#workers.has(name)) throw new Failure({ step: name, message: 'is running already' });
  }

  instanceAt(address: string): Instance | undefined {
    return [...this.#workers.values()].find(({ instance }) => instance.address === address)
      ?.instance;
  }

  async add(request: WorkerRequest): Promise<WorkerStatus> {
    const addresses = workerAddresses(request.index);
    const { name, podCidr, nodeName, address, mac, instanceId } = addresses;
    this.refuseRunning(name);
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
    const worker = { addresses, instance, machine, options };
    this.#workers.set(name, worker);
    return this.#statusOf(worker);
  }

  find(name: string): Worker {
    const worker = this.#workers.get(name);
    if (worker === undefined) throw new Failure({ step: name, message: 'no such worker' });
    return worker;
  }

  async stop({ name }: { name: string }): Promise<null> {
    const worker = this.find(name);
    await stopService(worker.machine.service);
    await this.#volumes.detach(name);
    await disconnectWorker(worker.addresses, worker.instance.prefixes);
    this.#workers.delete(name);
    await rm(path.join(this.#folder, name), { recursive: true, force: true });
    return null;
  }

  /** The reset button. */
  async reset({ name }: { name: string }): Promise<null> {
    await askQemu(this.find(name).machine.qmpFile, 'system_reset');
    return null;
  }

  async cutPower({ name }: { name: string }): Promise<null> {
    const worker = this.find(name);
    await killService(worker.machine.service);
    await plug(worker.addresses, true);
    worker.machine = await startMachine({ ...worker.options, hasDisk: true });
    return null;
  }

  async copyDisk({ name, file }: Operations['copyDisk']['takes']): Promise<null> {
    const { child } = this.find(name).machine.service;
    child.kill('SIGSTOP');
    try {
      await copyFile(path.join(this.#folder, name, diskName), file);
    } finally {
      child.kill('SIGCONT');
    }
    return null;
  }

  async powerDown({ name }: { name: string }): Promise<null> {
    await askQemu(this.find(name).machine.qmpFile, 'system_powerdown');
    return null;
  }

  async blockStatistics({ name }: { name: string }) {
    const devices = (await askQemu(this.find(name).machine.qmpFile, 'query-blockstats')) as {
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

  /** Workers that start side by side are there in any order. */
  statuses(): WorkerStatus[] {
    return [...this.#workers.values()]
      .toSorted((a, b) => a.addresses.index - b.addresses.index)
      .map((worker) => this.#statusOf(worker));
  }
}
