// The bytes of a volume: the image below, and over it in memory what was written since.
import { readSync } from 'node:fs';

const pageBytes = 4096;
const slabPages = 1024;

/** What a page's entry says besides the number of its place in memory, which is 1 or more. */
const ofImage = 0;
const zeroes = -1;

export class Content {
  readonly #image: number;
  readonly #pages: Int32Array;
  readonly #slabs: Buffer[] = [];
  readonly #free: number[] = [];
  #placesUsed = 0;

  /** `image` is an open raw image; beyond its end there are zeroes. */
  constructor(image: number, sizeBytes: number) {
    this.#image = image;
    this.#pages = new Int32Array(Math.ceil(sizeBytes / pageBytes));
  }

  /**
   * Fills `target` with what is at `offset`. It does not wait: what is asked for again and again is in
   * this machine's page cache, and a thread for each read would take longer than the read.
   */
  read(target: Buffer, offset: number): void {
    let done = 0;
    while (done < target.length) {
      const at = offset + done;
      const state = this.#pages[Math.floor(at / pageBytes)] ?? ofImage;
      const end = this.#endOfRun(at, offset + target.length, state);
      const part = target.subarray(done, done + end - at);
      if (state === ofImage) this.#readImage(part, at);
      else if (state === zeroes) part.fill(0);
      else this.#place(state).copy(part, 0, at % pageBytes);
      done += part.length;
    }
  }

  write(data: Buffer, offset: number): void {
    for (let done = 0; done < data.length;) {
      const at = offset + done;
      const from = at % pageBytes;
      const part = data.subarray(done, done + pageBytes - from);
      const place = this.#ownPage(Math.floor(at / pageBytes), part.length === pageBytes);
      part.copy(place, from);
      done += part.length;
    }
  }

  writeZeroes(offset: number, length: number): void {
    const end = offset + length;
    for (let at = offset; at < end;) {
      const page = Math.floor(at / pageBytes);
      const from = at % pageBytes;
      const count = Math.min(pageBytes - from, end - at);
      if (count < pageBytes) this.#ownPage(page, false).fill(0, from, from + count);
      else this.#discard(page);
      at += count;
    }
  }

  /** The pages that lie in the range as a whole read as zeroes from now on. */
  trim(offset: number, length: number): void {
    const last = Math.floor((offset + length) / pageBytes);
    for (let page = Math.ceil(offset / pageBytes); page < last; page += 1) this.#discard(page);
  }

  /** Where the run of like pages ends that `at` is in; a page in memory is a run of its own. */
  #endOfRun(at: number, endMax: number, state: number): number {
    let page = Math.floor(at / pageBytes) + 1;
    const pageMax = state > 0 ? page : Math.ceil(endMax / pageBytes);
    while (page < pageMax && this.#pages[page] === state) page += 1;
    return Math.min(page * pageBytes, endMax);
  }

  #readImage(target: Buffer, offset: number): void {
    let done = 0;
    while (done < target.length) {
      const count = readSync(this.#image, target, done, target.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    target.fill(0, done);
  }

  #place(number_: number): Buffer {
    const slab = this.#slabs[Math.floor((number_ - 1) / slabPages)] as Buffer;
    const start = ((number_ - 1) % slabPages) * pageBytes;
    return slab.subarray(start, start + pageBytes);
  }

  /** The page's place in memory; `isReplaced`: whoever asks writes all of it. */
  #ownPage(page: number, isReplaced: boolean): Buffer {
    const state = this.#pages[page] ?? ofImage;
    if (state > 0) return this.#place(state);
    const number_ = this.#free.pop() ?? this.#newPlace();
    const place = this.#place(number_);
    if (!isReplaced && state === ofImage) this.#readImage(place, page * pageBytes);
    else if (!isReplaced) place.fill(0);
    this.#pages[page] = number_;
    return place;
  }

  #newPlace(): number {
    this.#placesUsed += 1;
    if (this.#placesUsed > this.#slabs.length * slabPages)
      this.#slabs.push(Buffer.allocUnsafeSlow(slabPages * pageBytes));
    return this.#placesUsed;
  }

  #discard(page: number): void {
    const state = this.#pages[page] ?? ofImage;
    if (state > 0) this.#free.push(state);
    this.#pages[page] = zeroes;
  }
}
