// A text that must not be shown -> a value that prints as REDACTED wherever it is put.

const shown = 'REDACTED';

/** Holds a secret text; `reveal` is the only way to it, so that every use can be found by name. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  get [Symbol.toStringTag](): string {
    return shown;
  }

  /** What Node's console.log and assertion messages ask for. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return shown;
  }
}

/** The text of a value that may be secret. */
export const reveal = (value: string | Secret): string =>
  typeof value === 'string' ? value : value.reveal();
