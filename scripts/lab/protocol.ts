// What is asked of a lab's supervisor, over HTTP on a unix socket in the lab's folder.
import { request } from 'node:http';
import path from 'node:path';
import { Failure, type FailureDetails } from '../terminal/failure.ts';
import type { LifecycleAction, WaitingHook } from './autoscaling.ts';
import type { Touch, VolumeModel, VolumeStatistics } from './cold-volume/model.ts';
import type { ControlPlanePrograms } from './control-plane.ts';
import type { Credentials, ImdsRequest, IssuedToken } from './imds.ts';

export interface WorkerRequest {
  index: number;
  /** Default: the seed's line for this worker. */
  userData?: string;
  imageFile: string;
  memoryMib?: number;
  /** False: its secret is left out of Secrets Manager. */
  hasSecret?: boolean;
  /** Of its autoscaling group; default: it is in none. */
  lifecycleState?: string;
  /** Hook of the group that waits for it. */
  waitingHook?: WaitingHook;
  /** System credentials of its first start, for images that a test has prepared. */
  credentials?: Record<string, string>;
  /** Its cable is not plugged in: no DHCP, no metadata. */
  isUnplugged?: boolean;
  /** How many /28 its network interface has; default: none. */
  prefixCount?: number;
  /** Its blocks come at first touch, as from a snapshot; default: the volume is a file. */
  volume?: VolumeModel;
}

export interface WorkerStatus {
  name: string;
  nodeName: string;
  address: string;
  podCidr: string;
  running: boolean;
  consoleFile: string;
}

export interface BlockStatistics {
  readBytes: number;
  readOperations: number;
}

/** Each operation: what it takes, what it gives. */
export interface Operations {
  startControlPlane: { takes: ControlPlanePrograms; gives: { kubeconfigFile: string } };
  addWorker: { takes: WorkerRequest; gives: WorkerStatus };
  stopWorker: { takes: { name: string }; gives: null };
  resetWorker: { takes: { name: string }; gives: null };
  /** What the metadata service says from now on; EC2 lets one change it of a stopped instance. */
  setUserData: { takes: { name: string; userData: string }; gives: null };
  /** What the group has in mind for the instance from now on, and the hook that waits before it. */
  setLifecycle: {
    takes: { name: string; lifecycleState: string; waitingHook?: WaitingHook };
    gives: null;
  };
  /** Every answer of an instance to its hook. */
  lifecycleActions: { takes: null; gives: LifecycleAction[] };
  /** Ends the machine between two instructions, and starts it again with the same disk, plugged in. */
  cutPower: { takes: { name: string }; gives: null };
  /** The disk as a power cut would leave it now: the machine stands still while its file is copied. */
  copyDisk: { takes: { name: string; file: string }; gives: null };
  /** The power button, which is what EC2 presses to stop or terminate; the machine ends by itself. */
  powerDown: { takes: { name: string }; gives: null };
  /** In Secrets Manager from now on; without fields it is gone. */
  setSecret: { takes: { name: string; fields?: Record<string, string> }; gives: null };
  blockStatistics: { takes: { name: string }; gives: BlockStatistics };
  /** What was fetched so far for a worker with `volume`. */
  volumeStatistics: { takes: { name: string }; gives: VolumeStatistics };
  /** The same, block by block of 512 KiB, in the order of first touch. */
  touchedBlocks: { takes: { name: string }; gives: Touch[] };
  /** The raw image that the volume was made from. */
  volumeImage: { takes: { name: string }; gives: { imageFile: string } };
  status: { takes: null; gives: { workers: WorkerStatus[]; controlPlane: boolean } };
  imdsLog: { takes: null; gives: ImdsRequest[] };
  /** What the metadata service gave out: the role's credentials, and every session token so far. */
  issued: { takes: null; gives: { credentials: Credentials; tokens: IssuedToken[] } };
}

export type OperationName = keyof Operations;

export const socketOf = (folder: string): string => path.join(folder, 'control.sock');

/** The supervisor's answer: a value, or the failure it threw. */
export type Answer = { value: unknown } | { failure: FailureDetails };

const send = (socketPath: string, name: string, body: string, timeoutMs: number) =>
  new Promise<string>((resolve, reject) => {
    const sent = request({ socketPath, path: `/${name}`, method: 'POST', timeout: timeoutMs });
    sent.on('timeout', () => sent.destroy(new Error(`lab ${name}: no answer`)));
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    sent.end(body);
  });

/** Asks the supervisor; a Failure over there is thrown here. */
export const ask = async <Name extends OperationName>(
  folder: string,
  name: Name,
  takes: Operations[Name]['takes'],
  timeoutMs = 180_000,
): Promise<Operations[Name]['gives']> => {
  const text = await send(socketOf(folder), name, JSON.stringify(takes), timeoutMs);
  const answer = JSON.parse(text) as Answer;
  if ('failure' in answer) throw new Failure(answer.failure);
  return answer.value as Operations[Name]['gives'];
};
