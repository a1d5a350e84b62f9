// Bytes, one character each, -> their SHA-256, SHA-384 or SHA-512 in hexadecimal.
// By hand: the engine has none, and a certificate has a few blocks. The constants are computed when a
// hash is asked for, so that loading this costs nothing. https://csrc.nist.gov/pubs/fips/180-4/upd1/final
import { hexOfNumber } from './der.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** Length of the hash in bytes. */
export const hashLengths: Record<HashName, number> = { sha256: 32, sha384: 48, sha512: 64 };

const firstPrimes = (count: number): number[] => {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number += 1)
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  return primes;
};

/** The first 32 bits behind the point of the root of that degree: a double has 48 or more of them. */
const shortFraction = (prime: number, degree: 2 | 3): number =>
  ((prime ** (1 / degree) % 1) * 2 ** 32) | 0;

/** The lowest 64 bits. QuickJS 2025-04-26 has a BigInt.asUintN that makes some of them negative. */
const wide = (word: bigint): bigint => word & 0xffffffffffffffffn;

/** The first 64 bits behind the point. */
const wideFraction = (prime: number, degree: 2 | 3): bigint => {
  const power = BigInt(degree);
  const target = BigInt(prime) << (64n * power);
  // Floating point has 48 right bits or more of it; Newton's method doubles them.
  let root = BigInt(Math.floor(prime ** (1 / degree) * 2 ** 49)) << 15n;
  for (let step = 0; step < 2; step += 1)
    root = ((power - 1n) * root + target / root ** (power - 1n)) / power;
  while (root ** power > target) root -= 1n;
  while ((root + 1n) ** power <= target) root += 1n;
  return wide(root);
};

/** The bytes, a one, zeros and the count of bits: whole blocks of sixteen words. */
const padded = (bytes: string, wordBytes: 4 | 8): string => {
  const [blockBytes, countBytes] = [wordBytes * 16, wordBytes * 2];
  const zeros = blockBytes - 1 - ((bytes.length + countBytes) % blockBytes);
  const bits = bytes.length * 8;
  const low = [24, 16, 8, 0].map((shift) => String.fromCharCode((bits >>> shift) & 0xff));
  return `${bytes}\u0080${'\0'.repeat(zeros + countBytes - low.length)}${low.join('')}`;
};

const rotate = (word: number, count: number): number => (word >>> count) | (word << (32 - count));

const sha256 = (bytes: string): string => {
  const keys = firstPrimes(64).map((prime) => shortFraction(prime, 3));
  const state = firstPrimes(8).map((prime) => shortFraction(prime, 2));
  const text = padded(bytes, 4);
  const words = new Int32Array(64);
  for (let block = 0; block < text.length; block += 64) {
    for (let at = 0; at < 16; at += 1) {
      const from = block + at * 4;
      words[at] =
        (text.charCodeAt(from) << 24) |
        (text.charCodeAt(from + 1) << 16) |
        (text.charCodeAt(from + 2) << 8) |
        text.charCodeAt(from + 3);
    }
    for (let at = 16; at < 64; at += 1) {
      const [early, late] = [words[at - 15] as number, words[at - 2] as number];
      const mixed =
        (rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)) +
        (rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10));
      words[at] = (words[at - 16] as number) + (words[at - 7] as number) + mixed;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let at = 0; at < 64; at += 1) {
      const first =
        (h +
          (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
          ((e & f) ^ (~e & g)) +
          (keys[at] as number) +
          (words[at] as number)) |
        0;
      const second =
        ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      // One by one: an array for each round would take most of the time.
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    for (const [at, word] of [a, b, c, d, e, f, g, h].entries())
      state[at] = ((state[at] as number) + word) | 0;
  }
  return state.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
};

const rotateWide = (word: bigint, count: bigint): bigint =>
  (word >> count) | wide(word << (64n - count));

/** SHA-512, or SHA-384 when it starts from the primes behind the first eight. */
const sha512 = (bytes: string, primesBefore: number): string => {
  const keys = firstPrimes(80).map((prime) => wideFraction(prime, 3));
  const state = firstPrimes(primesBefore + 8)
    .slice(primesBefore)
    .map((prime) => wideFraction(prime, 2));
  const text = padded(bytes, 8);
  for (let block = 0; block < text.length; block += 128) {
    const words: bigint[] = [];
    for (let at = 0; at < 80; at += 1) {
      if (at < 16) {
        let word = 0n;
        for (let from = block + at * 8; from < block + at * 8 + 8; from += 1)
          word = (word << 8n) | BigInt(text.charCodeAt(from));
        words.push(word);
        continue;
      }
      const [early, late] = [words[at - 15] as bigint, words[at - 2] as bigint];
      const mixed =
        (rotateWide(early, 1n) ^ rotateWide(early, 8n) ^ (early >> 7n)) +
        (rotateWide(late, 19n) ^ rotateWide(late, 61n) ^ (late >> 6n));
      words.push(wide((words[at - 16] as bigint) + (words[at - 7] as bigint) + mixed));
    }
    let [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n, g = 0n, h = 0n] = state;
    for (const [at, word] of words.entries()) {
      const first =
        h +
        (rotateWide(e, 14n) ^ rotateWide(e, 18n) ^ rotateWide(e, 41n)) +
        ((e & f) ^ (~e & g)) +
        (keys[at] as bigint) +
        word;
      const second =
        (rotateWide(a, 28n) ^ rotateWide(a, 34n) ^ rotateWide(a, 39n)) +
        ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, wide(d + first), c, b, a, wide(first + second)];
    }
    for (const [at, word] of [a, b, c, d, e, f, g, h].entries())
      state[at] = wide((state[at] as bigint) + word);
  }
  return state.map((word) => hexOfNumber(word, 16)).join('');
};

/** The hash in hexadecimal, lower case. */
export const hash = (name: HashName, bytes: string): string => {
  if (name === 'sha256') return sha256(bytes);
  const digest = sha512(bytes, name === 'sha384' ? 8 : 0);
  return digest.slice(0, hashLengths[name] * 2);
};
