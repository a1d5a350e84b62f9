// PEM text of a private key -> its kind and its public part, to compare with a certificate's.
// https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2 (PKCS #1), https://www.rfc-editor.org/rfc/rfc5915
// (elliptic curves), https://www.rfc-editor.org/rfc/rfc5208#section-5 (PKCS #8)
import { derTags, hexOf, numberOf, readContent, readElements } from './der.ts';
import { readPem } from './pem.ts';
import { tryRead, type PublicKey } from './x509.ts';

/** Object identifiers of kinds of keys, hexadecimal. */
export const keyAlgorithms = {
  rsa: '2a864886f70d010101',
  ellipticCurve: '2a8648ce3d0201',
} as const;

export interface PrivateKey {
  /** As of PublicKey. */
  algorithm: string;
  /** The modulus of RSA, the point of an elliptic curve; absent when the file does not carry it. */
  publicPart?: string;
}

/** Version, modulus, public exponent, and more that is of no use here. */
const readRsa = (bytes: string): PrivateKey | undefined => {
  const [, modulus, exponent] = readContent(readElements(bytes)[0]);
  if (modulus === undefined || exponent === undefined) return undefined;
  return { algorithm: keyAlgorithms.rsa, publicPart: modulus.content };
};

/** Version, the key itself, and optional the curve and the point. */
const readEllipticCurve = (bytes: string): PrivateKey | undefined => {
  const parts = readContent(readElements(bytes)[0]);
  if (parts[1]?.tag !== derTags.octetString) return undefined;
  const point = readContent(parts.find(({ tag }) => tag === derTags.context[1]))[0];
  return {
    algorithm: keyAlgorithms.ellipticCurve,
    ...(point === undefined ? {} : { publicPart: point.content.slice(1) }),
  };
};

/** Version, kind, and the key in the form of its kind. */
const readAnyKind = (bytes: string): PrivateKey | undefined => {
  const [, kind, key] = readContent(readElements(bytes)[0]);
  const algorithm = hexOf(readContent(kind)[0]?.content ?? '');
  if (algorithm === '' || key?.tag !== derTags.octetString) return undefined;
  if (algorithm === keyAlgorithms.rsa) return readRsa(key.content);
  return algorithm === keyAlgorithms.ellipticCurve ? readEllipticCurve(key.content) : { algorithm };
};

const readers: Record<string, (bytes: string) => PrivateKey | undefined> = {
  'RSA PRIVATE KEY': readRsa,
  'EC PRIVATE KEY': readEllipticCurve,
  'PRIVATE KEY': readAnyKind,
};

/** The first private key of a PEM text; undefined when there is none, or it has a passphrase. */
export const readPrivateKey = (pem: string): PrivateKey | undefined => {
  for (const { label, bytes } of readPem(pem)) {
    const read = readers[label];
    if (read !== undefined) return bytes === undefined ? undefined : tryRead(() => read(bytes));
  }
  return undefined;
};

/** False when the key is certainly another; a key without its public part is not guessed at. */
export const isKeyOf = (key: PrivateKey, { algorithm, bytes }: PublicKey): boolean => {
  if (key.algorithm !== algorithm) return false;
  const { publicPart } = key;
  if (publicPart === undefined) return true;
  if (algorithm === keyAlgorithms.rsa) {
    const [modulus] = tryRead(() => readContent(readElements(bytes)[0])) ?? [];
    return modulus !== undefined && numberOf(modulus.content) === numberOf(publicPart);
  }
  // A point may be written with one coordinate or with both: then they can't be compared.
  return publicPart.length !== bytes.length || publicPart === bytes;
};
