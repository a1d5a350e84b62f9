// A MIME text -> its parts with their types, transfer encoding undone.
// https://www.rfc-editor.org/rfc/rfc2045, as far as cloud-init's make-mime and templates go.
import { decodeBase64 } from './base64.ts';
import { decodeUtf8 } from './text.ts';

export interface MimePart {
  /** Lower case, without parameters, e.g. `text/x-shellscript`. */
  type: string;
  body: string;
  /** Its transfer encoding is broken; the body is what stands before that place. */
  isBroken?: true;
  /** Lines of the whole text before the body; the body's lines are the text's own. */
  linesBefore?: number;
}

export interface MimeText {
  /** With a fault, those that can be told apart all the same: somebody meant them. */
  parts: MimePart[];
  /** What is wrong, as in `this MIME …`. */
  fault?: string;
}

const partsMax = 100;
const depthMax = 4;

/** Headers at the beginning of lines, by lower-case name; then where the body begins. */
const readHeaders = (lines: readonly string[]): { headers: Map<string, string>; end: number } => {
  const headers = new Map<string, string>();
  let name = '';
  let index = 0;
  for (; index < lines.length; index += 1) {
    const line = (lines[index] ?? '').trimEnd();
    if (line === '') break;
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

const decodeBody = (body: string, encoding: string): Pick<MimePart, 'body' | 'isBroken'> => {
  if (encoding === 'quoted-printable') return { body: decodeUtf8(decodeQuotedPrintable(body)) };
  if (encoding !== 'base64') return { body };
  const whole = decodeBase64(body);
  if (whole !== undefined) return { body: decodeUtf8(whole) };
  const letters = (/^[A-Za-z0-9+/\s]*/.exec(body)?.[0] ?? '').replaceAll(/\s/g, '');
  const begin = decodeBase64(letters.slice(0, letters.length - (letters.length % 4))) ?? '';
  return { body: decodeUtf8(begin), isBroken: true };
};

interface Place {
  start: number;
  end: number;
}

/** The lines between two boundaries; without the last boundary the last part goes on to the end. */
const splitParts = (
  lines: readonly string[],
  { start, end }: Place,
  boundary: string,
): { places: Place[]; isWhole: boolean } => {
  const places: Place[] = [];
  let open: number | undefined;
  for (let index = start; index < end; index += 1) {
    const line = (lines[index] ?? '').trimEnd();
    if (line !== `--${boundary}` && line !== `--${boundary}--`) continue;
    if (open !== undefined) places.push({ start: open, end: index });
    if (line.endsWith(`${boundary}--`)) return { places, isWhole: true };
    open = index + 1;
  }
  if (open !== undefined) places.push({ start: open, end });
  return { places, isWhole: false };
};

/** Of a text that does not name it. */
const guessBoundary = (lines: readonly string[], { start, end }: Place): string | undefined =>
  lines
    .slice(start, end)
    .find((line) => /^--\S/.test(line))
    ?.trimEnd()
    .slice(2);

const readPart = (lines: readonly string[], place: Place, depth: number): MimeText => {
  const { start, end } = place;
  const { headers, end: headersEnd } = readHeaders(lines.slice(start, end));
  const bodyPlace = { start: start + headersEnd, end };
  const contentType = headers.get('content-type') ?? 'text/plain';
  const type = contentType.replace(/;.*$/s, '').trim().toLowerCase();
  if (!type.startsWith('multipart/')) {
    const encoding = (headers.get('content-transfer-encoding') ?? '7bit').toLowerCase();
    const raw = lines.slice(bodyPlace.start, end).join('\n').replace(/\r$/, '');
    const isPlain = encoding !== 'base64' && encoding !== 'quoted-printable';
    const lineCount = isPlain ? { linesBefore: bodyPlace.start } : {};
    return { parts: [{ type, ...decodeBody(raw, encoding), ...lineCount }] };
  }
  if (depth >= depthMax)
    return { parts: [], fault: `has parts in parts more than ${depthMax} deep` };
  const named = boundaryOf(contentType);
  const boundary = named ?? guessBoundary(lines, bodyPlace);
  if (boundary === undefined) return { parts: [], fault: 'names no boundary' };
  const { places, isWhole } = splitParts(lines, bodyPlace, boundary);
  let fault: string | undefined;
  if (named === undefined) fault = 'names no boundary';
  else if (!isWhole) fault = `ends before its last boundary, --${boundary}--`;
  else if (places.length > partsMax) fault = `has more than ${partsMax} parts`;
  const parts: MimePart[] = [];
  for (const inner of places.slice(0, partsMax)) {
    const read = readPart(lines, inner, depth + 1);
    parts.push(...read.parts);
    fault ??= read.fault;
  }
  return fault === undefined ? { parts } : { parts, fault };
};

/** Reads a text that begins with MIME headers. */
export const readMime = (text: string): MimeText => {
  // Ends of lines stay as they are in a body: its bytes are counted.
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  return readPart(lines, { start: Math.max(0, first), end: lines.length }, 0);
};
