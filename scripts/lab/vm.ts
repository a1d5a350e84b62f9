// A disk image -> a running virtual machine that looks like an EC2 instance on Nitro.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Accelerator } from '../image/accelerator.ts';
import { runTool } from '../project/tools.ts';
import { registryHost, type WorkerAddresses } from './addresses.ts';
import { startService, type Service } from './processes.ts';

export const processorsPerWorker = 2;

/** In the worker's folder: an overlay of its image. */
export const diskName = 'disk.qcow2';

export interface MachineOptions {
  worker: WorkerAddresses;
  imageFile: string;
  stateFolder: string;
  accelerator: Accelerator;
  /** PEM of the lab's authority, which signed Secrets Manager's certificate. */
  authority: string;
  memoryMib: number;
  /** More system credentials, name -> text without blanks; a unit finds them in /run/credentials/@system. */
  credentials?: Record<string, string>;
  /** Of an earlier start: the disk stays as it is. */
  hasDisk?: boolean;
  /** Where the volume is served; default: it is a file of the worker's. */
  blockSocket?: string;
}

export interface Machine {
  service: Service;
  consoleFile: string;
  qmpFile: string;
}

const registryConfig = `server = "http://${registryHost}"\n`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * What the lab has and AWS has not: its own authority and its plain registry. systemd-tmpfiles writes
 * both from a credential, so that nothing in the image knows the lab.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.system-credentials.html
 */
export const tmpfilesCredential = (authority: string): string =>
  [
    'd /etc/groundup 0755 root root -',
    `f+~ /etc/groundup/ca.pem 0644 root root - ${base64(authority)}`,
    'd /etc/containerd/certs.d 0755 root root -',
    `d /etc/containerd/certs.d/${registryHost} 0755 root root -`,
    `f+~ /etc/containerd/certs.d/${registryHost}/hosts.toml 0644 root root - ${base64(registryConfig)}`,
    '',
  ].join('\n');

const driveOf = ({ blockSocket }: MachineOptions, disk: string): string => {
  const source =
    blockSocket === undefined
      ? `file=${disk},format=qcow2`
      : `driver=raw,file.driver=nbd,file.server.type=unix,file.server.path=${blockSocket}`;
  return `${source},if=none,id=root,cache=unsafe,discard=unmap`;
};

const qemuArgs = (options: MachineOptions, files: Record<string, string>): string[] => {
  const { worker, accelerator, memoryMib, credentials = {} } = options;
  // TCG of QEMU 7.2 dies in 6.12 kernels with cmpxchg16b; five-level paging costs time.
  const [cpu, accel] =
    accelerator === 'kvm' ? ['host', 'kvm'] : ['max,-cx16,-la57', 'tcg,thread=multi,tb-size=512'];
  return [
    ...['-name', worker.name, '-machine', 'q35', '-accel', accel, '-cpu', cpu],
    ...[
      '-smp',
      String(processorsPerWorker),
      '-m',
      String(memoryMib),
      '-nodefaults',
      '-display',
      'none',
    ],
    '-smbios',
    `type=1,manufacturer=Amazon EC2,product=t3.medium,uuid=${worker.uuid},serial=${worker.uuid}`,
    ...['-smbios', `type=11,path=${files['credential']}`],
    ...Object.entries(credentials).flatMap(([name, text]) => [
      '-smbios',
      `type=11,value=io.systemd.credential:${name}=${text}`,
    ]),
    ...['-drive', driveOf(options, files['disk'] ?? '')],
    ...['-device', 'nvme,drive=root,serial=root'],
    ...['-netdev', `tap,id=net,ifname=${worker.tap},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=net,mac=${worker.mac},romfile=`],
    ...['-device', 'virtio-rng-pci'],
    ...['-serial', `file:${files['console']}`],
    ...['-qmp', `unix:${files['qmp']},server=on,wait=off`],
  ];
};

/** Makes a fresh overlay of an image, raw by its name or qcow2. */
const makeDisk = (step: string, imageFile: string, disk: string): Promise<string> => {
  const format = imageFile.endsWith('.raw') ? 'raw' : 'qcow2';
  const args = ['create', '-q', '-f', 'qcow2', '-b', imageFile, '-F', format, disk];
  return runTool('qemu-img', args, { step, timeoutMs: 30_000 });
};

/** Boots a fresh overlay of the image, or the disk of an earlier start. */
export const startMachine = async (options: MachineOptions): Promise<Machine> => {
  const { worker, imageFile, stateFolder, authority } = options;
  const folder = path.join(stateFolder, worker.name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = {
    disk: path.join(folder, diskName),
    credential: path.join(folder, 'credential'),
    console: path.join(folder, 'console.log'),
    qmp: path.join(folder, 'qmp'),
  };
  const credential = base64(tmpfilesCredential(authority));
  await writeFile(files.credential, `io.systemd.credential.binary:tmpfiles.extra=${credential}`, {
    mode: 0o600,
  });
  await writeFile(files.console, '', { mode: 0o600 });
  if (options.hasDisk !== true && options.blockSocket === undefined)
    await makeDisk(worker.name, imageFile, files.disk);
  const service = startService('qemu', 'qemu-system-x86_64', qemuArgs(options, files), folder);
  return { service, consoleFile: files.console, qmpFile: files.qmp };
};
