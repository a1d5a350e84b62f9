// The worker's certificate -> the node's name, as the API server will see it.
// https://www.rfc-editor.org/rfc/rfc5280#section-4.1
import { decodeBase64 } from './base64.ts';
import { derTags, readElements, type DerElement } from './der.ts';
import { BootFailure, excerpt } from './failure.ts';

const prefix = 'system:node:';
const nodeNameForm = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
const nodeNameLengthMax = 253;

export interface WorkerCertificate {
  /** The common name without `system:node:`. */
  nodeName: string;
  /** Milliseconds since 1970. */
  expiresMs: number;
}

interface Contents {
  commonName: string;
  organizations: string[];
  expiresMs: number;
}

const failure = (file: string, reason: string) =>
  new BootFailure('secret-content', `${file}: ${reason}`);

/** Contents of the identifiers 2.5.4.3 and 2.5.4.10. */
const attributeIds = { commonName: '\u0055\u0004\u0003', organization: '\u0055\u0004\u000A' };

/** Every attribute of that kind in a name, in order. */
const attributesOf = (name: DerElement, id: string): string[] =>
  readElements(name.content).flatMap((set) =>
    readElements(set.content).flatMap((attribute) => {
      const [type, value] = readElements(attribute.content);
      const isWanted = type?.tag === derTags.objectIdentifier && type.content === id;
      return isWanted && value !== undefined ? [value.content] : [];
    }),
  );

/** `271123140000Z`, or with four digits of the year. A year of two digits is from 1950 to 2049. */
const timeMs = ({ tag, content }: DerElement): number => {
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

const pemForm = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/;

/** The first certificate of a PEM text; throws a RangeError for one that ends too early. */
const readContents = (pem: string): Contents | undefined => {
  const bytes = decodeBase64(pemForm.exec(pem)?.[1] ?? '');
  if (bytes === undefined || bytes === '') return undefined;
  const [certificate] = readElements(bytes);
  const [signed] = readElements(certificate?.content ?? '');
  const fields = readElements(signed?.content ?? '');
  // Version 1 has no field for its version.
  if (fields[0]?.tag === derTags.version) fields.shift();
  const [, , , validity, subject] = fields;
  const notAfter = readElements(validity?.content ?? '')[1];
  if (subject === undefined || notAfter === undefined) return undefined;
  return {
    commonName: attributesOf(subject, attributeIds.commonName).at(-1) ?? '',
    organizations: attributesOf(subject, attributeIds.organization),
    expiresMs: timeMs(notAfter),
  };
};

const tryRead = (pem: string): Contents | undefined => {
  try {
    return readContents(pem);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** Reads a certificate's PEM text. `file` names it in errors; throws a BootFailure. */
export const parseCertificate = (pem: string, file: string): WorkerCertificate => {
  const contents = tryRead(pem);
  if (contents === undefined || Number.isNaN(contents.expiresMs))
    throw failure(file, 'is not a certificate (cut short, or another kind of PEM?)');
  const { commonName, organizations, expiresMs } = contents;
  const nodeName = commonName.startsWith(prefix) ? commonName.slice(prefix.length) : '';
  if (!nodeNameForm.test(nodeName) || nodeName.length > nodeNameLengthMax) {
    const found = commonName === '' ? 'no common name' : `common name ${excerpt(commonName, 80)}`;
    throw failure(file, `${found}, a kubelet needs ${prefix}<node name>`);
  }
  if (!organizations.includes('system:nodes'))
    throw failure(
      file,
      'organization system:nodes is missing, the API server takes it for no node',
    );
  return { nodeName, expiresMs };
};
