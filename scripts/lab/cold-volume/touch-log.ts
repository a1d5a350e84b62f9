// First touches -> a file with a JSON line each, written in lumps so that no reader waits for it.
import { appendFile } from 'node:fs/promises';
import type { Touch } from './model.ts';

const intervalMs = 500;

export class TouchLog {
  readonly #file: string;
  #lines: string[] = [];
  #written: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  add(touch: Touch): void {
    this.#lines.push(`${JSON.stringify(touch)}\n`);
    this.#timer ??= setTimeout(() => void this.flush(), intervalMs);
  }

  /** Resolves when all that was added is in the file. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#lines.join('');
    this.#lines = [];
    if (text !== '')
      this.#written = this.#written.then(() => appendFile(this.#file, text, { mode: 0o600 }));
    return this.#written;
  }
}
