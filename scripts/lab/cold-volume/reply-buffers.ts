// Buffers for replies, used again and again: memory fresh from the kernel costs more than the copy into it.

const keptMax = 64;

export class ReplyBuffers {
  readonly #sizeBytes: number;
  readonly #kept: Buffer[] = [];

  /** Replies of up to `sizeBytes` share buffers; larger ones get one of their own. */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  /** At least `sizeBytes` long, filled with anything. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes > this.#sizeBytes) return Buffer.allocUnsafeSlow(sizeBytes);
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(this.#sizeBytes);
  }

  giveBack(buffer: Buffer): void {
    if (buffer.length === this.#sizeBytes && this.#kept.length < keptMax) this.#kept.push(buffer);
  }
}
