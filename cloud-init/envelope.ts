// User-data as the instance got it -> the text with groundup's fields: out of base64, gzip and MIME.
// cloud-init unpacks the same forms by itself, so a user may pack what the two of us read.
import { decodeBase64 } from './base64.ts';
import { gunzip } from './gzip.ts';
import { isKey } from './keys.ts';
import { makeFinding } from './finding.ts';
import { readMime, type MimePart } from './mime.ts';
import type { Finding } from './report.ts';
import { decodeUtf8 } from './text.ts';
import { findErrorPage, readUserData, type Span } from './user-data.ts';

/** The text keeps the lines of what it was cut out of, where that has lines. */
export type Unpacked = { text: string } | { foreign: string } | { finding: Finding };

/** EC2 takes no more than 16 KiB, and ours need not be more when unpacked. */
export const userDataBytesMax = 16 * 1024;
/** Of others' parts, which count until they are known to be others'. */
const unpackedBytesMax = 256 * 1024;
const depthMax = 4;

/** Content type of a part that is ours; text/plain is, too, when it has one of our keys. */
export const partType = 'text/x-groundup';

const start: Span = { text: '', line: 1, column: 1 };

const broken = (form: string, reason: string): Unpacked => ({
  finding: makeFinding('not-unpacked', start, undefined, { form, reason }),
});

const tooLong = (form: string): Unpacked => ({
  finding: makeFinding('unpacked-too-long', start, undefined, {
    form,
    lengthMax: userDataBytesMax,
  }),
});

/** A part that is meant for us by its type, so that leaving the instance alone would hide a fault. */
const withoutFields = (form: string): Unpacked => ({
  finding: makeFinding('part-without-fields', start, undefined, { form }),
});

const hasOurKey = (text: string): boolean => {
  const read = readUserData(text);
  return read.kind === 'fields' && read.fields.some(({ key, value }) => value && isKey(key.text));
};

const base64Form = /^[A-Za-z0-9+/\s]{16,}={0,2}\s*$/;

/** Base64 of something that a person would have packed: gzip, MIME, a script, or our own fields. */
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
  readUserData(text).kind === 'foreign' || hasOurKey(text) || findErrorPage(text) !== undefined;

const ofMime = (text: string, depth: number): Unpacked => {
  const mime = readMime(text);
  if ('fault' in mime)
    return text.toLowerCase().includes(partType) ? broken('MIME', mime.fault) : { foreign: 'MIME' };
  const ours: Unpacked[] = [];
  for (const { type, body, linesBefore } of mime.parts) {
    if (type !== partType && type !== 'text/plain') continue;
    if (body === undefined) {
      if (type === partType)
        return broken('MIME', `has a part of type ${partType} in broken base64`);
      continue;
    }
    const unpacked = unpackText(body, depth + 1);
    if ('text' in unpacked) {
      if (type === 'text/plain' && !hasOurKey(unpacked.text)) continue;
      if (unpacked.text.trim() === '') {
        ours.push(withoutFields('empty'));
        continue;
      }
      ours.push({ text: '\n'.repeat(linesBefore ?? 0) + unpacked.text });
    } else if (type === partType)
      ours.push('foreign' in unpacked ? withoutFields(unpacked.foreign) : unpacked);
  }
  if (ours.length > 1)
    return { finding: makeFinding('several-parts', start, undefined, { count: ours.length }) };
  return ours[0] ?? { foreign: 'MIME' };
};

const ofGzip = (binary: string, depth: number): Unpacked => {
  const unzipped = gunzip(binary, unpackedBytesMax);
  if ('binary' in unzipped) return unpackText(decodeUtf8(unzipped.binary), depth + 1);
  if (unzipped.fault === 'too-long') return tooLong('gzip');
  return broken('gzip', 'is cut short or damaged');
};

/** A tool that takes bytes for UTF-8 puts U+FFFD, or nothing at all, for the second byte. */
// eslint-disable-next-line no-control-regex -- the first and the third byte of a gzip file
const mangledGzip = /^\u001F\uFFFD?\u0008/;

const unpackText = (packed: string, depth: number): Unpacked => {
  // A mark of the byte order, which editors do not show: it would count as a column.
  const text = packed.replace(/^\uFEFF/, '');
  if (depth > depthMax) return broken('text', `is packed more than ${depthMax} times`);
  if (text.startsWith('\u001F\u008B')) return ofGzip(text, depth);
  if (mangledGzip.test(text)) return broken('gzip', 'was stored as text, which damages it');
  const read = readUserData(text);
  if (read.kind === 'none') return { text: '' };
  if (read.kind === 'foreign')
    return read.form === 'MIME' ? ofMime(text, depth) : { foreign: read.form };
  const base64 = fromBase64(text);
  if (base64 === undefined) return { text };
  if ('reason' in base64) return broken('base64', base64.reason);
  return unpackText(decodeUtf8(base64.binary), depth + 1);
};

/** `text` has one character a byte where it is no UTF-8. */
export const unpackUserData = (text: string): Unpacked => unpackText(text, 0);

export type { MimePart };
