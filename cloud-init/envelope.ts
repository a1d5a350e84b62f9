// User-data as the instance got it -> the text with groundup's fields: out of base64, gzip and MIME.
// cloud-init unpacks the same forms by itself, so a user may pack what the two of us read.
import { decodeBase64 } from './base64.ts';
import { plainText } from './characters.ts';
import { gunzip } from './gzip.ts';
import { isKey } from './keys.ts';
import { makeFinding } from './finding.ts';
import { readMime, type MimePart } from './mime.ts';
import type { Finding } from './report.ts';
import { decodeUtf8, encodeUtf8 } from './text.ts';
import { findErrorPage, readUserData, type Span } from './user-data.ts';

/** The text keeps the lines of what it was cut out of, where that has lines. */
export type Unpacked = { text: string } | { foreign: string } | { finding: Finding };

/** What is inside so far. */
type Layer =
  | {
      text: string;
      /** The same with its mark of the byte order, for its bytes are counted. */
      whole: string;
      /** Of what it was cut out of. */
      linesBefore: number;
      /** What it was taken out of last; absent when it was never packed. */
      form?: string;
    }
  | Exclude<Unpacked, { text: string }>;

/** EC2 takes no more than 16 KiB, and ours need not be more when unpacked. */
const userDataBytesMax = 16 * 1024;
/** Of others' parts, which count until they are known to be others'. */
const unpackedBytesMax = 256 * 1024;
const depthMax = 4;

/** Content type of a part that is ours; text/plain is, too, when it has one of our keys. */
export const partType = 'text/x-groundup';

const start: Span = { text: '', line: 1, column: 1 };

/** Blanks and all, of a text that is UTF-8, or that has one character a byte. */
const byteLength = (text: string): number =>
  text.startsWith('\u001F\u008B')
    ? text.length
    : encodeUtf8(text.replaceAll(/[\uD800-\uDFFF]/gu, '?')).length;

type Fault = Extract<Unpacked, { finding: Finding }>;

const broken = (form: string, reason: string): Fault => ({
  finding: makeFinding('not-unpacked', start, undefined, { form, reason }),
});

const unpackedTooLong = (form: string): Fault => ({
  finding: makeFinding('unpacked-too-long', start, undefined, {
    form,
    lengthMax: userDataBytesMax,
  }),
});

/** A part that is meant for us by its type, so that leaving the instance alone would hide a fault. */
const withoutFields = (form: string): Fault => ({
  finding: makeFinding('part-without-fields', start, undefined, { form }),
});

const hasOurKey = (text: string): boolean => {
  const read = readUserData(text);
  // With letters that look right and are not it is meant for us all the same, to be refused.
  return (
    read.kind === 'fields' &&
    read.fields.some(({ key, value }) => value && isKey(plainText(key.text)))
  );
};

const base64Form = /^[A-Za-z0-9+/ \t\r\n]{16,}={0,2}[ \t\r\n]*$/;

/**
 * Base64 of something that a person would have packed: gzip, MIME, a script, our own fields, or a
 * variable in place of them.
 */
const fromBase64 = (text: string): { binary: string } | { reason: string } | undefined => {
  if (!base64Form.test(text)) return undefined;
  const letters = text.replaceAll(/\s/g, '').replace(/=+$/, '');
  const whole = letters.slice(0, letters.length - (letters.length % 4));
  const begin = decodeBase64(whole) ?? '';
  const isPacked = begin.startsWith('\u001F\u008B') || isMeaningful(decodeUtf8(begin));
  if (!isPacked) return undefined;
  const padded = letters.padEnd(Math.ceil(letters.length / 4) * 4, '=');
  const binary = letters.length % 4 === 1 ? undefined : decodeBase64(padded);
  return binary === undefined ? { reason: 'is cut short' } : { binary };
};

const isMeaningful = (text: string): boolean =>
  readUserData(text).kind === 'foreign' ||
  hasOurKey(text) ||
  findErrorPage(text) !== undefined ||
  /^\s*[{$]\{/.test(text);

const isOurs = (type: string, layer: Layer): boolean =>
  type === partType || (type === 'text/plain' && 'text' in layer && hasOurKey(layer.text));

const ofMime = (text: string, depth: number): Layer => {
  const { parts, fault } = readMime(text);
  const ours: Layer[] = [];
  for (const { type, body, isBroken, linesBefore = 0 } of parts) {
    if (type !== partType && type !== 'text/plain') continue;
    const layer = unpackFrom('MIME', body, depth);
    if (!isOurs(type, layer)) continue;
    if (isBroken) return broken('MIME', fault ?? `has a part of type ${type} in broken base64`);
    if ('finding' in layer) ours.push(layer);
    else if ('foreign' in layer) ours.push(withoutFields(layer.foreign));
    else if (layer.text.trim() === '') ours.push(withoutFields('empty'));
    else ours.push({ ...layer, linesBefore: linesBefore + layer.linesBefore });
  }
  if (fault !== undefined) {
    const isMeant = ours.length > 0 || text.toLowerCase().includes(partType);
    return isMeant ? broken('MIME', fault) : { foreign: 'MIME' };
  }
  if (ours.length > 1)
    return { finding: makeFinding('several-parts', start, undefined, { count: ours.length }) };
  return ours[0] ?? { foreign: 'MIME' };
};

const ofGzip = (binary: string, depth: number): Layer => {
  const unzipped = gunzip(binary, unpackedBytesMax);
  if ('binary' in unzipped) return unpackFrom('gzip', decodeUtf8(unzipped.binary), depth);
  if (unzipped.fault === 'too-long') return unpackedTooLong('gzip');
  return broken('gzip', 'is cut short or damaged');
};

/** A tool that takes bytes for UTF-8 puts U+FFFD, or nothing at all, for the second byte. */
// eslint-disable-next-line no-control-regex -- the first and the third byte of a gzip file
const mangledGzip = /^\u001F\uFFFD?\u0008/;

const unpackText = (packed: string, depth: number): Layer => {
  // A mark of the byte order, which editors do not show: it would count as a column.
  const text = packed.replace(/^\uFEFF/, '');
  if (depth > depthMax) return broken('text', `is packed more than ${depthMax} times`);
  if (text.startsWith('\u001F\u008B')) return ofGzip(text, depth);
  if (mangledGzip.test(text)) return broken('gzip', 'was stored as text, which damages it');
  const read = readUserData(text);
  if (read.kind === 'none') return { text: '', whole: packed, linesBefore: 0 };
  if (read.kind === 'foreign')
    return read.form === 'MIME' ? ofMime(text, depth) : { foreign: read.form };
  const base64 = fromBase64(text);
  if (base64 === undefined) return { text, whole: packed, linesBefore: 0 };
  if ('reason' in base64) return broken('base64', base64.reason);
  return unpackFrom('base64', decodeUtf8(base64.binary), depth);
};

/** What was taken out of something packed. */
const unpackFrom = (form: string, text: string, depth: number): Layer => {
  const layer = unpackText(text, depth + 1);
  return 'text' in layer ? { ...layer, form: layer.form ?? form } : layer;
};

/** `packed` has one character a byte where it is no UTF-8. */
export const unpackUserData = (packed: string): Unpacked => {
  const layer = unpackText(packed, 0);
  if (!('text' in layer)) return layer;
  const { text, whole, linesBefore, form } = layer;
  if (text === '') return { text };
  const length = byteLength(packed);
  if (length > userDataBytesMax) {
    const values = { length, lengthMax: userDataBytesMax };
    return { finding: makeFinding('too-long', start, undefined, values) };
  }
  if (form !== undefined && byteLength(whole) > userDataBytesMax) return unpackedTooLong(form);
  return { text: '\n'.repeat(linesBefore) + text };
};

export type { MimePart };
