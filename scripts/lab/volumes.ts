// The volumes of a lab's workers that are not simply a file: attached, asked, detached.
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { keyOf } from '../cache/entry.ts';
import { runTool } from '../project/tools.ts';
import { Failure } from '../terminal/failure.ts';
import {
  attachVolume,
  detachVolume,
  statisticsOf,
  touchesOf,
  type AttachedVolume,
} from './cold-volume/attach.ts';
import type { Touch, VolumeModel, VolumeStatistics } from './cold-volume/model.ts';

const convertTimeoutMs = 5 * 60_000;

export class Volumes {
  readonly #folder: string;
  readonly #attached = new Map<string, AttachedVolume>();
  readonly #rawImages = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A volume of the image for that worker; the socket that QEMU reads it from. */
  async attach(name: string, imageFile: string, model: VolumeModel): Promise<string> {
    const folder = path.join(this.#folder, name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const rawFile = await this.#rawImage(imageFile);
    const volume = await attachVolume({ name, imageFile: rawFile, model, folder });
    this.#attached.set(name, volume);
    return volume.blockSocket;
  }

  async detach(name: string): Promise<void> {
    const volume = this.#attached.get(name);
    this.#attached.delete(name);
    if (volume !== undefined) await detachVolume(volume);
  }

  statistics(name: string): Promise<VolumeStatistics> {
    return statisticsOf(this.#find(name));
  }

  touches(name: string): Promise<Touch[]> {
    return touchesOf(this.#find(name));
  }

  imageFile(name: string): string {
    return this.#find(name).imageFile;
  }

  #find(name: string): AttachedVolume {
    const volume = this.#attached.get(name);
    if (volume !== undefined) return volume;
    throw new Failure({
      step: name,
      message: 'has a warm volume, whose touches nobody counts',
      hint: 'npm run lab -- up --volume cold',
    });
  }

  /** The image as a raw file with its holes; converted once for a lab, however many workers boot it. */
  async #rawImage(imageFile: string): Promise<string> {
    if (imageFile.endsWith('.raw')) return imageFile;
    const { size, mtimeMs, ino } = await stat(imageFile);
    const key = keyOf({ imageFile, size, mtimeMs, ino });
    const known = this.#rawImages.get(key) ?? this.#convert(imageFile, key.slice(0, 16));
    this.#rawImages.set(key, known);
    known.catch(() => this.#rawImages.delete(key));
    return known;
  }

  async #convert(imageFile: string, name: string): Promise<string> {
    const folder = path.join(this.#folder, 'images');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const rawFile = path.join(folder, `${name}.raw`);
    const args = ['convert', '-f', 'qcow2', '-O', 'raw', imageFile, rawFile];
    await runTool('qemu-img', args, { step: 'volume', timeoutMs: convertTimeoutMs });
    return rawFile;
  }
}
