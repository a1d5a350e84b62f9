// A raw image with data and holes at known places, served for a test.
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { blockBytes, type VolumeModel } from '../../../../scripts/lab/cold-volume/model.ts';
import { serveBlocks } from '../../../../scripts/lab/cold-volume/serve.ts';
import { Volume } from '../../../../scripts/lab/cold-volume/volume.ts';

/** The image holds data in these blocks, each filled with its number + 1; the others are holes. */
export const dataBlocks = [0, 1, 2, 5, 6, 7] as const;
export const imageBlocks = 8;

export interface Sample {
  folder: string;
  imageFile: string;
  volume: Volume;
  socketFile: string;
  /** As QEMU's tools take it. */
  url: string;
  close: () => Promise<void>;
}

export const serveSample = async (
  model: Partial<VolumeModel> & { sizeBytes?: number } = {},
): Promise<Sample> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-volume-'));
  const imageFile = path.join(folder, 'image.raw');
  const handle = await open(imageFile, 'wx', 0o600);
  await handle.truncate(imageBlocks * blockBytes);
  for (const block of dataBlocks)
    await handle.write(Buffer.alloc(blockBytes, block + 1), 0, blockBytes, block * blockBytes);
  await handle.close();
  const volume = await Volume.open({ imageFile, latencyMs: 1, inFlightMax: 64, ...model });
  const socketFile = path.join(folder, 'volume.sock');
  const server: Server = await serveBlocks(volume, socketFile);
  const close = async (): Promise<void> => {
    await new Promise((resolve) => void server.close(resolve));
    await volume.close();
    await rm(folder, { recursive: true });
  };
  return { folder, imageFile, volume, socketFile, url: `nbd+unix:///?socket=${socketFile}`, close };
};
