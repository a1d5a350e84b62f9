// A node's secrets -> the bytes to look for, each with the only files of the node that may hold them.
import { randomBytes } from 'node:crypto';

export interface Needle {
  /** What it is a part of, e.g. `private key, line 1`. */
  name: string;
  bytes: Buffer;
  /** Paths on the node. */
  allowed: readonly string[];
  /** The metadata service hands it out over plain HTTP, to this instance alone. */
  isIssued: boolean;
}

const needle = (name: string, text: string | Buffer, allowed: readonly string[] = []): Needle => ({
  name,
  bytes: Buffer.from(text as string),
  allowed,
  isIssued: false,
});

/** A word that nothing else in the world holds. */
export const newMarker = (): string => `canary${randomBytes(12).toString('hex')}`;

/** Text before a PEM block does not count, and `#` begins a comment in a kubeconfig. */
export const withMarker = (text: string, marker: string): string => `# ${marker}\n${text}`;

/** The longest run of letters and digits: no encoding changes it. */
const runOf = (text: string): string =>
  (text.match(/[A-Za-z0-9]+/g) ?? []).toSorted((a, b) => b.length - a.length)[0] ?? '';

/** Where the 32 bytes of the private number begin in a P-256 key of the form PKCS #8. */
const privateNumberAt = 36;

/** A P-256 key in PEM: its lines in its own file, its number in no encoding at all nowhere. */
export const keyNeedles = (name: string, pem: string, allowed: readonly string[]): Needle[] => {
  const lines = pem.split('\n').filter((line) => /^[A-Za-z0-9+/=]+$/.test(line));
  const der = Buffer.from(lines.join(''), 'base64');
  return [
    needle(`${name}, line 1`, lines[0] ?? '', allowed),
    needle(`${name}, line 2`, lines[1] ?? '', allowed),
    needle(`${name}, as bytes`, der.subarray(privateNumberAt, privateNumberAt + 32)),
  ];
};

/** The same key as a kubeconfig embeds it: PEM in base64; the part that differs from key to key. */
export const embeddedKeyNeedle = (name: string, pem: string, file: string): Needle =>
  needle(`${name}, embedded`, Buffer.from(pem).toString('base64').slice(76, 156), [file]);

export const markerNeedle = (name: string, marker: string, file: string): Needle =>
  needle(`${name}, marker`, marker, [file]);

/** What the metadata service gave out. */
export const issuedNeedle = (name: string, text: string): Needle => ({
  ...needle(name, runOf(text)),
  isIssued: true,
});

export interface Hit {
  needle: Needle;
  at: number;
}

export const findNeedles = (bytes: Buffer, needles: readonly Needle[]): Hit[] =>
  needles.flatMap((one) => {
    const hits: Hit[] = [];
    for (let at = bytes.indexOf(one.bytes); at !== -1; at = bytes.indexOf(one.bytes, at + 1))
      hits.push({ needle: one, at });
    return hits;
  });
