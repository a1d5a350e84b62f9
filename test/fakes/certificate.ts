// Names and dates -> a certificate in PEM, signed by a CA that lives as long as the test's process.
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export interface CertificateOptions {
  commonName?: string;
  organizations?: readonly string[];
  notBefore?: Date;
  notAfter?: Date;
  /** False: version 1, which has no field for it, and no extensions. */
  hasVersion?: boolean;
  /** IPv4 addresses among the alternative names. */
  addresses?: readonly string[];
  /** Of the certificate itself; the worker's by default. */
  keys?: KeyPair;
}

const rsa = (): KeyPair => generateKeyPairSync('rsa', { modulusLength: 2048 });
const made = new Map<string, KeyPair>();
const onceFor = (name: string, make: () => KeyPair): KeyPair => {
  const keys = made.get(name) ?? make();
  made.set(name, keys);
  return keys;
};

/** Made when they are asked for, once: a new RSA key takes a tenth of a second. */
export const fakeKeys = {
  authority: () => onceFor('authority', rsa),
  worker: () => onceFor('worker', rsa),
  proxy: () => onceFor('proxy', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })),
};

const element = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
};

const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, ...parts);
const objectId = (...bytes: readonly number[]): Buffer => element(6, Buffer.from(bytes));
const bits = (bytes: Buffer): Buffer => element(3, Buffer.from([0]), bytes);

const attribute = (id: number, text: string): Buffer =>
  element(0x31, sequence(objectId(0x55, 4, id), element(0x0c, Buffer.from(text))));

const time = (date: Date): Buffer => {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  // RFC 5280: two digits of the year up to 2049.
  if (date.getUTCFullYear() >= 2050) return element(0x18, Buffer.from(digits));
  return element(0x17, Buffer.from(digits.slice(2)));
};

const extension = (id: number, ...value: readonly Buffer[]): Buffer =>
  sequence(objectId(0x55, 0x1d, id), element(4, sequence(...value)));

/** Ids of keys, as every usual tool writes them: of the certificate's own key, of its issuer's. */
const authorityKeyId = Buffer.from('the CA’s key');
const ownKeyId = (id: Buffer): Buffer =>
  sequence(objectId(0x55, 0x1d, 0x0e), element(4, element(4, id)));
const issuerKeyId = (id: Buffer): Buffer => extension(0x23, element(0x80, id));

const issuerName = sequence(attribute(10, 'Kubernetes'), attribute(3, 'Kubernetes'));

/** sha256WithRSAEncryption. */
const algorithm = sequence(objectId(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11), element(5));

interface SignedPart {
  subject: Buffer;
  keys: KeyPair;
  notBefore: Date;
  notAfter: Date;
  hasVersion: boolean;
  extensions: readonly Buffer[];
}

const signWithAuthority = (part: SignedPart): string => {
  const { subject, keys, notBefore, notAfter, hasVersion, extensions } = part;
  const signed = sequence(
    ...(hasVersion ? [element(0xa0, element(2, Buffer.from([2])))] : []),
    element(2, Buffer.from([1])),
    algorithm,
    issuerName,
    sequence(time(notBefore), time(notAfter)),
    subject,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    ...(hasVersion && extensions.length > 0 ? [element(0xa3, sequence(...extensions))] : []),
  );
  const signature = sign('sha256', signed, fakeKeys.authority().privateKey);
  const bytes = sequence(signed, algorithm, bits(signature)).toString('base64');
  const lines = bytes.replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
};

const farAway = new Date('2999-01-01');

/** The CA's own certificate. */
export const makeAuthority = (): string =>
  signWithAuthority({
    subject: issuerName,
    keys: fakeKeys.authority(),
    notBefore: new Date(0),
    notAfter: farAway,
    hasVersion: true,
    extensions: [extension(0x13, element(1, Buffer.from([0xff]))), ownKeyId(authorityKeyId)],
  });

export const makeCertificate = (options: CertificateOptions = {}): string => {
  const { commonName, organizations = ['system:nodes'], addresses = [] } = options;
  const names = addresses.map((address) =>
    element(0x87, Buffer.from(address.split('.').map(Number))),
  );
  return signWithAuthority({
    subject: sequence(
      attribute(6, 'UK'),
      ...organizations.map((name) => attribute(10, name)),
      ...(commonName === undefined ? [] : [attribute(3, commonName)]),
    ),
    keys: options.keys ?? fakeKeys.worker(),
    notBefore: options.notBefore ?? new Date(0),
    notAfter: options.notAfter ?? farAway,
    hasVersion: options.hasVersion ?? true,
    extensions: [
      ...(names.length === 0 ? [] : [extension(0x11, ...names)]),
      issuerKeyId(authorityKeyId),
    ],
  });
};

/** PKCS #8, as `openssl genpkey` writes it. */
export const pemOfKey = ({ privateKey }: KeyPair): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
