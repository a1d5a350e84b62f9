// The bytes of a gzip file, one character each, -> what it holds, up to a size.
// https://www.rfc-editor.org/rfc/rfc1952
import { Damaged, inflate, TooLong } from './inflate.ts';

export type Unzipped = { binary: string } | { fault: 'too-long' | 'broken' };

const methodDeflate = 8;
const flags = { headerChecksum: 2, extra: 4, name: 8, comment: 16 };
const headerBytes = 10;
const trailerBytes = 8;

const crcOf = (bytes: readonly number[]): number => {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ -1) >>> 0;
};

const uint32At = (bytes: Uint8Array, offset: number): number =>
  [3, 2, 1, 0].reduce((number, index) => number * 256 + (bytes[offset + index] ?? 0), 0);

/** Where the deflated bytes begin. */
const endOfHeader = (bytes: Uint8Array): number => {
  const flag = bytes[3] ?? 0;
  if (bytes[2] !== methodDeflate || (flag & 0xe0) !== 0) throw new Damaged();
  let offset = headerBytes;
  if ((flag & flags.extra) !== 0)
    offset += 2 + (bytes[offset] ?? 0) + 256 * (bytes[offset + 1] ?? 0);
  for (const text of [flags.name, flags.comment]) {
    if ((flag & text) === 0) continue;
    const end = bytes.indexOf(0, offset);
    if (end === -1) throw new Damaged();
    offset = end + 1;
  }
  return offset + ((flag & flags.headerChecksum) === 0 ? 0 : 2);
};

const textOf = (bytes: readonly number[]): string => {
  const pieces: string[] = [];
  // The number of arguments of one call is limited.
  for (let start = 0; start < bytes.length; start += 8192)
    pieces.push(String.fromCharCode(...bytes.slice(start, start + 8192)));
  return pieces.join('');
};

/** Unpacks at most `sizeMax` bytes; checksum, length and end of the file must be right. */
export const gunzip = (binary: string, sizeMax: number): Unzipped => {
  const input = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  try {
    const { bytes, end } = inflate(input, endOfHeader(input), sizeMax);
    const isWhole =
      input.length === end + trailerBytes &&
      uint32At(input, end) === crcOf(bytes) &&
      uint32At(input, end + 4) === bytes.length;
    return isWhole ? { binary: textOf(bytes) } : { fault: 'broken' };
  } catch (error) {
    if (error instanceof TooLong) return { fault: 'too-long' };
    if (error instanceof Damaged) return { fault: 'broken' };
    throw error;
  }
};
