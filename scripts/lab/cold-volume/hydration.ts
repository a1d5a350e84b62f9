// Which blocks are here already, and what the first touch of the others costs.
import type { TouchKind, VolumeModel } from './model.ts';

export interface HydrationOptions extends VolumeModel {
  blockCount: number;
  /** False: never written before the snapshot, so there is nothing to fetch. */
  hasData: (block: number) => boolean;
  /** Brings the block near, while the time passes. */
  fetch: (block: number) => Promise<void>;
  sleep: (ms: number) => Promise<unknown>;
  onTouch: (block: number, kind: TouchKind) => void;
}

export class Hydration {
  readonly #options: HydrationOptions;
  readonly #isHere: Uint8Array;
  readonly #fetches = new Map<number, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;
  fetchesInFlightMax = 0;

  constructor(options: HydrationOptions) {
    this.#options = options;
    this.#isHere = Uint8Array.from({ length: options.blockCount }, (_, block) =>
      options.hasData(block) ? 0 : 1,
    );
  }

  /** Resolves when all the blocks from `first` to `last` are here; undefined when they are. */
  touch(first: number, last: number, kind: TouchKind): Promise<unknown> | undefined {
    let fetches: Promise<void>[] | undefined;
    for (let block = first; block <= last; block += 1) {
      if (this.#isHere[block] === 1) continue;
      const fetch = this.#fetches.get(block) ?? this.#start(block, kind);
      if (fetch !== undefined) (fetches ??= []).push(fetch);
    }
    return fetches && Promise.all(fetches);
  }

  /** The block is written whole: what the snapshot has of it is not wanted any more. */
  replace(block: number): void {
    this.#isHere[block] = 1;
  }

  #start(block: number, kind: TouchKind): Promise<void> | undefined {
    this.#options.onTouch(block, kind);
    if (this.#options.latencyMs === 0) {
      this.#isHere[block] = 1;
      return undefined;
    }
    const fetch = this.#fetch(block).finally(() => this.#fetches.delete(block));
    this.#fetches.set(block, fetch);
    return fetch;
  }

  async #fetch(block: number): Promise<void> {
    const { inFlightMax, latencyMs, sleep, fetch } = this.#options;
    if (this.#inFlight < inFlightMax) this.#inFlight += 1;
    // Who ends hands its place on.
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    this.fetchesInFlightMax = Math.max(this.fetchesInFlightMax, this.#inFlight);
    try {
      await Promise.all([fetch(block), sleep(latencyMs)]);
      this.#isHere[block] = 1;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inFlight -= 1;
      else next();
    }
  }
}
