// A MIME text -> its parts with their types, transfer encoding undone.
// https://www.rfc-editor.org/rfc/rfc2045, as far as cloud-init's make-mime and templates go.
import { decodeBase64 } from './base64.ts';

export interface MimePart {
  /** Lower case, without parameters, e.g. `text/x-shellscript`. */
  type: string;
  /** Nothing when its transfer encoding is broken. */
  body: string | undefined;
  /** Lines of the whole text before the body; the body's lines are the text's own. */
  linesBefore?: number;
}

export type MimeText = { parts: MimePart[] } | { fault: string };

const partsMax = 100;
const depthMax = 4;

/** Headers at the beginning of lines, by lower-case name; then where the body begins. */
const readHeaders = (lines: readonly string[]): { headers: Map<string, string>; end: number } => {
  const headers = new Map<string, string>();
  let name = '';
  let index = 0;
  for (; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.trim() === '') break;
    const [, found, value = ''] = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (found === undefined) headers.set(name, `${headers.get(name) ?? ''} ${line.trim()}`);
    else {
      name = found.toLowerCase();
      headers.set(name, value.trim());
    }
  }
  return { headers, end: index + 1 };
};

const boundaryOf = (contentType: string): string | undefined => {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  return quoted ?? bare;
};

const decodeQuotedPrintable = (body: string): string =>
  body
    .replaceAll(/[ \t]*=[ \t]*\r?\n/g, '')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

const decodeBody = (body: string, encoding: string): string | undefined => {
  if (encoding === 'base64') return decodeBase64(body);
  return encoding === 'quoted-printable' ? decodeQuotedPrintable(body) : body;
};

/** The lines between two boundaries, each with where it begins; nothing when the last one is missing. */
const splitParts = (
  lines: readonly string[],
  start: number,
  boundary: string,
): { start: number; end: number }[] | undefined => {
  const parts: { start: number; end: number }[] = [];
  let open: number | undefined;
  for (let index = start; index < lines.length; index += 1) {
    const line = (lines[index] ?? '').trimEnd();
    if (line !== `--${boundary}` && line !== `--${boundary}--`) continue;
    if (open !== undefined) parts.push({ start: open, end: index });
    if (line.endsWith(`${boundary}--`)) return parts;
    open = index + 1;
  }
  return undefined;
};

const readPart = (
  lines: readonly string[],
  from: number,
  to: number,
  depth: number,
): MimePart[] | string => {
  const { headers, end } = readHeaders(lines.slice(from, to));
  const contentType = headers.get('content-type') ?? 'text/plain';
  const type = contentType.replace(/;.*$/s, '').trim().toLowerCase();
  if (!type.startsWith('multipart/')) {
    const encoding = (headers.get('content-transfer-encoding') ?? '7bit').toLowerCase();
    const body = decodeBody(lines.slice(from + end, to).join('\n'), encoding);
    const isPlain = encoding !== 'base64' && encoding !== 'quoted-printable';
    return [{ type, body, ...(isPlain ? { linesBefore: from + end } : {}) }];
  }
  if (depth >= depthMax) return `has parts in parts more than ${depthMax} deep`;
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return 'names no boundary';
  const inner = splitParts(lines.slice(0, to), from + end, boundary);
  if (inner === undefined) return `ends before its last boundary, --${boundary}--`;
  if (inner.length > partsMax) return `has more than ${partsMax} parts`;
  const parts: MimePart[] = [];
  for (const { start, end: last } of inner) {
    const read = readPart(lines, start, last, depth + 1);
    if (typeof read === 'string') return read;
    parts.push(...read);
  }
  return parts;
};

/** Reads a text that begins with MIME headers; a fault says what is wrong with `this MIME …`. */
export const readMime = (text: string): MimeText => {
  const lines = text.split(/\r?\n/);
  const first = lines.findIndex((line) => line.trim() !== '');
  const read = readPart(lines, Math.max(0, first), lines.length, 0);
  return typeof read === 'string' ? { fault: read } : { parts: read };
};
