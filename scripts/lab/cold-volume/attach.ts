// An image and a model -> a volume's process, ready for QEMU; what it has counted.
import { access } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { inProject } from '../../project/paths.ts';
import { startService, stopService, waitFor, type Service } from '../processes.ts';
import type { Touch, VolumeModel, VolumeStatistics } from './model.ts';
import type { ServerOptions } from './server.ts';

const startTimeoutMs = 60_000;
const askTimeoutMs = 20_000;

export interface AttachedVolume {
  service: Service;
  imageFile: string;
  blockSocket: string;
  statisticsSocket: string;
}

export interface AttachOptions {
  name: string;
  /** Raw. */
  imageFile: string;
  model: VolumeModel;
  folder: string;
}

/** Starts the volume's process, with its sockets and its log in `folder`. */
export const attachVolume = async (options: AttachOptions): Promise<AttachedVolume> => {
  const { name, imageFile, model, folder } = options;
  const blockSocket = path.join(folder, 'volume.sock');
  const statisticsSocket = path.join(folder, 'volume-statistics.sock');
  const touchLogFile = path.join(folder, 'touches.jsonl');
  const { latencyMs, inFlightMax } = model;
  const argument: ServerOptions = {
    ...{ imageFile, latencyMs, inFlightMax },
    ...{ blockSocket, statisticsSocket, touchLogFile },
  };
  const program = inProject('scripts/lab/cold-volume/server.ts');
  const args = [program, JSON.stringify(argument)];
  const service = startService('volume', process.execPath, args, folder);
  const wait = { service, timeoutMs: startTimeoutMs, intervalMs: 20 };
  await waitFor(name, 'volume', wait, async () => {
    await access(statisticsSocket);
    return true;
  });
  return { service, imageFile, blockSocket, statisticsSocket };
};

const ask = (socketPath: string, what: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: `/${what}`, timeout: askTimeoutMs });
    sent.on('timeout', () => sent.destroy(new Error(`volume ${what}: no answer`)));
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
    });
    sent.end();
  });

export const statisticsOf = (volume: AttachedVolume): Promise<VolumeStatistics> =>
  ask(volume.statisticsSocket, 'statistics') as Promise<VolumeStatistics>;

export const touchesOf = (volume: AttachedVolume): Promise<Touch[]> =>
  ask(volume.statisticsSocket, 'touches') as Promise<Touch[]>;

export const detachVolume = (volume: AttachedVolume): Promise<void> => stopService(volume.service);
