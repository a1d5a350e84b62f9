// A volume as its reader meets it: content, what its first touches cost, and the count of them.
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Content } from './content.ts';
import { Hydration } from './hydration.ts';
import { readImageMap } from './image-map.ts';
import {
  blockBytes,
  type Touch,
  type TouchKind,
  type VolumeModel,
  type VolumeStatistics,
} from './model.ts';

export interface VolumeOptions extends VolumeModel {
  /** Raw; it is only read. */
  imageFile: string;
  /** Default: the image's. */
  sizeBytes?: number;
  onTouch?: (touch: Touch) => void;
}

interface VolumeParts extends VolumeOptions {
  sizeBytes: number;
  image: FileHandle;
  hasData: (block: number) => boolean;
}

export class Volume {
  readonly sizeBytes: number;
  readonly #image: FileHandle;
  readonly #content: Content;
  readonly #hydration: Hydration;
  readonly touches: Touch[] = [];
  #readBytes = 0;

  private constructor({ image, sizeBytes, hasData, onTouch, ...model }: VolumeParts) {
    const startedMs = performance.now();
    this.sizeBytes = sizeBytes;
    this.#image = image;
    this.#content = new Content(image.fd, sizeBytes);
    this.#hydration = new Hydration({
      ...model,
      blockCount: Math.ceil(sizeBytes / blockBytes),
      hasData,
      // Into the page cache, from where Content reads it without a wait.
      fetch: async (block) => {
        const buffer = Buffer.allocUnsafeSlow(blockBytes);
        await image.read(buffer, 0, blockBytes, block * blockBytes);
      },
      sleep,
      onTouch: (block, kind) => {
        const ms = Math.round((performance.now() - startedMs) * 10) / 10;
        const touch = { ms, block, kind };
        this.touches.push(touch);
        onTouch?.(touch);
      },
    });
  }

  static async open(options: VolumeOptions): Promise<Volume> {
    const map = await readImageMap(options.imageFile);
    const image = await open(options.imageFile, 'r');
    const sizeBytes = options.sizeBytes ?? (await image.stat()).size;
    return new Volume({ ...options, sizeBytes, image, hasData: map.hasData });
  }

  close(): Promise<void> {
    return this.#image.close();
  }

  contains(offset: number, length: number): boolean {
    return offset + length <= this.sizeBytes;
  }

  /** Resolves when the range can be read; undefined when it can be at once. */
  touchForRead(offset: number, length: number): Promise<unknown> | undefined {
    return length === 0 ? undefined : this.#touch(offset, offset + length - 1, 'read');
  }

  /** Of a range that touchForRead() has made ready. */
  read(target: Buffer, offset: number): void {
    this.#readBytes += target.length;
    this.#content.read(target, offset);
  }

  async write(data: Buffer, offset: number): Promise<void> {
    await this.#touchForWrite(offset, data.length);
    this.#content.write(data, offset);
    this.#replaceWhole(offset, data.length);
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    await this.#touchForWrite(offset, length);
    this.#content.writeZeroes(offset, length);
    this.#replaceWhole(offset, length);
  }

  trim(offset: number, length: number): void {
    this.#content.trim(offset, length);
    this.#replaceWhole(offset, length);
  }

  statistics(): VolumeStatistics {
    const touchedBytes = this.touches.reduce(
      (sum, { block }) => sum + Math.min(blockBytes, this.sizeBytes - block * blockBytes),
      0,
    );
    return {
      touchedBytes,
      touchedBlocks: this.touches.length,
      readBytes: this.#readBytes,
      fetchesInFlightMax: this.#hydration.fetchesInFlightMax,
    };
  }

  #touch(offset: number, last: number, kind: TouchKind): Promise<unknown> | undefined {
    const [first, end] = [Math.floor(offset / blockBytes), Math.floor(last / blockBytes)];
    return this.#hydration.touch(first, end, kind);
  }

  /** A block of which only a part is written is fetched for the rest of it. */
  async #touchForWrite(offset: number, length: number): Promise<void> {
    if (length === 0) return;
    const end = offset + length;
    const isStartWhole = offset % blockBytes === 0 && end >= this.#blockEnd(offset);
    const isEndWhole = end === this.#blockEnd(end - 1);
    await Promise.all([
      isStartWhole ? undefined : this.#touch(offset, offset, 'write'),
      isEndWhole ? undefined : this.#touch(end - 1, end - 1, 'write'),
    ]);
  }

  /** Where the block ends that `offset` is in. */
  #blockEnd(offset: number): number {
    return Math.min((Math.floor(offset / blockBytes) + 1) * blockBytes, this.sizeBytes);
  }

  #replaceWhole(offset: number, length: number): void {
    const end = offset + length;
    for (let at = Math.ceil(offset / blockBytes) * blockBytes; at < end; at += blockBytes)
      if (this.#blockEnd(at) <= end) this.#hydration.replace(at / blockBytes);
  }
}
