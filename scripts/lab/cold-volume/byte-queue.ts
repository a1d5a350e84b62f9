// Bytes as they come from a socket -> the pieces that a reader wants.

export class ByteQueue {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next `count` bytes; undefined until there are as many. */
  take(count: number): Buffer | undefined {
    if (this.#length < count) return undefined;
    const [first] = this.#chunks;
    this.#length -= count;
    if (first !== undefined && first.length >= count) {
      if (first.length === count) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const parts: Buffer[] = [];
    for (let missing = count; missing > 0;) {
      const chunk = this.#chunks.shift() as Buffer;
      parts.push(chunk.subarray(0, missing));
      if (chunk.length > missing) this.#chunks.unshift(chunk.subarray(missing));
      missing -= Math.min(missing, chunk.length);
    }
    return Buffer.concat(parts, count);
  }
}
