// PEM text -> certificates: names, dates, key, issuer.
// https://www.rfc-editor.org/rfc/rfc5280#section-4.1
import { derTags, hexOf, readContent, readElements, type DerElement } from './der.ts';
import { readPem } from './pem.ts';

export interface PublicKey {
  /** Object identifier of the kind of key, hexadecimal. */
  algorithm: string;
  /** Object identifier of an elliptic curve, hexadecimal; other keys have none. */
  curve: string;
  /** Bytes, one character each: PKCS #1's sequence for RSA, the point for elliptic curves. */
  bytes: string;
}

/** Byte texts have one character for each byte. */
export interface Certificate {
  bytes: string;
  /** The block that it was read from. */
  pem: string;
  /** 1 to 3. */
  version: number;
  /** The names in DER: authorities are found by comparing them. */
  subject: string;
  issuer: string;
  /** The last common name of each; empty when there is none. */
  commonName: string;
  issuerCommonName: string;
  organizations: string[];
  /** Milliseconds since 1970. */
  notBeforeMs: number;
  notAfterMs: number;
  publicKey: PublicKey;
  /** basicConstraints; false when there are none. */
  isAuthority: boolean;
  subjectKeyId?: string;
  authorityKeyId?: string;
  /** IPv4 addresses among the alternative names. */
  addresses: string[];
}

/** The arc 2.5.4 of names' attributes and 2.5.29 of extensions, as bytes. */
const attributeIds = { commonName: '550403', organization: '55040a' };
const extensionIds = {
  subjectKeyId: '551d0e',
  alternativeNames: '551d11',
  basicConstraints: '551d13',
  authorityKeyId: '551d23',
};

/** Every attribute of that kind in a name, in order. */
const attributesOf = (name: DerElement, id: string): string[] =>
  readContent(name).flatMap((set) =>
    readContent(set).flatMap((attribute) => {
      const [type, value] = readContent(attribute);
      const isWanted = type?.tag === derTags.objectIdentifier && hexOf(type.content) === id;
      return isWanted && value !== undefined ? [value.content] : [];
    }),
  );

/** `271123140000Z`, or with four digits of the year. A year of two digits is from 1950 to 2049. */
const timeMs = (element: DerElement | undefined): number => {
  const { tag, content = '' } = element ?? {};
  const isShort = tag === derTags.utcTime;
  const century = isShort ? (Number(content.slice(0, 2)) < 50 ? '20' : '19') : '';
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + content) ?? [];
  return Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
};

/** The first byte of a BIT STRING counts the bits that the last one lacks: none here. */
const bitsOf = (element: DerElement | undefined): string => element?.content.slice(1) ?? '';

const readPublicKey = (element: DerElement | undefined): PublicKey => {
  const [algorithm, bits] = readContent(element);
  const [id, parameters] = readContent(algorithm);
  const isCurve = parameters?.tag === derTags.objectIdentifier;
  return {
    algorithm: hexOf(id?.content ?? ''),
    curve: isCurve ? hexOf(parameters.content) : '',
    bytes: bitsOf(bits),
  };
};

/** Object identifier in hexadecimal -> the extension's value. */
const readExtensions = (element: DerElement | undefined): Map<string, string> =>
  new Map(
    readContent(readContent(element)[0]).flatMap((extension) => {
      const parts = readContent(extension);
      const value = parts.find(({ tag }) => tag === derTags.octetString);
      return value === undefined ? [] : [[hexOf(parts[0]?.content ?? ''), value.content]];
    }),
  );

const ipv4OfBytes = (bytes: string): string =>
  Array.from(bytes, (byte) => byte.charCodeAt(0)).join('.');

const readExtended = (element: DerElement | undefined) => {
  const extensions = readExtensions(element);
  const valueOf = (id: keyof typeof extensionIds) =>
    readElements(extensions.get(extensionIds[id]) ?? '')[0];
  const [flag] = readContent(valueOf('basicConstraints'));
  const subjectKeyId = valueOf('subjectKeyId')?.content;
  const authorityKeyId = readContent(valueOf('authorityKeyId')).find(
    ({ tag }) => tag === derTags.contextSimple[0],
  )?.content;
  return {
    isAuthority: flag?.tag === derTags.boolean && flag.content !== '\0',
    addresses: readContent(valueOf('alternativeNames'))
      .filter(({ tag, content }) => tag === derTags.contextSimple[7] && content.length === 4)
      .map(({ content }) => ipv4OfBytes(content)),
    ...(subjectKeyId === undefined ? {} : { subjectKeyId }),
    ...(authorityKeyId === undefined ? {} : { authorityKeyId }),
  };
};

/** Throws a RangeError for bytes that end too early. */
const readCertificate = (bytes: string, pem: string): Certificate | undefined => {
  const [certificate] = readElements(bytes);
  const [signed] = readContent(certificate);
  const fields = readContent(signed);
  // Version 1 has no field for its version.
  const versionField = fields[0]?.tag === derTags.version ? fields.shift() : undefined;
  const version = (readContent(versionField)[0]?.content.charCodeAt(0) ?? 0) + 1;
  const [, , issuer, validity, subject, publicKey, ...others] = fields;
  const [notBefore, notAfter] = readContent(validity).map(timeMs);
  if (signed === undefined || issuer === undefined || subject === undefined) return undefined;
  if (!Number.isFinite(notBefore) || !Number.isFinite(notAfter)) return undefined;
  return {
    bytes,
    pem,
    version,
    subject: subject.bytes,
    issuer: issuer.bytes,
    commonName: attributesOf(subject, attributeIds.commonName).at(-1) ?? '',
    issuerCommonName: attributesOf(issuer, attributeIds.commonName).at(-1) ?? '',
    organizations: attributesOf(subject, attributeIds.organization),
    notBeforeMs: notBefore as number,
    notAfterMs: notAfter as number,
    publicKey: readPublicKey(publicKey),
    ...readExtended(others.find(({ tag }) => tag === derTags.context[3])),
  };
};

/** What `read` makes of bytes; nothing when they end too early. */
export const tryRead = <Value>(read: () => Value): Value | undefined => {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** Every certificate of a PEM text in order; undefined when there is none, or one can't be read. */
export const readCertificates = (pem: string): [Certificate, ...Certificate[]] | undefined => {
  const certificates = readPem(pem)
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ bytes, text }) =>
      bytes === undefined ? undefined : tryRead(() => readCertificate(bytes, text)),
    );
  const [first, ...others] = certificates;
  if (first === undefined || others.includes(undefined)) return undefined;
  return [first, ...(others as Certificate[])];
};
