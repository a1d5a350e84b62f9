// Deflated bytes -> what they hold, up to a size. https://www.rfc-editor.org/rfc/rfc1951
// By hand: fflate fills tables when it is loaded, 20 ms of every boot in QuickJS, though hardly any
// user-data is packed; tiny-inflate does not end when its input is cut short.

/** Input and output, with the bits of the current byte that are not read yet. */
interface Stream {
  input: Uint8Array;
  offset: number;
  bits: number;
  bitCount: number;
  output: number[];
  sizeMax: number;
}

export class Damaged extends Error {}
export class TooLong extends Error {}

const readBits = (stream: Stream, count: number): number => {
  while (stream.bitCount < count) {
    const byte = stream.input[stream.offset];
    if (byte === undefined) throw new Damaged();
    stream.offset += 1;
    stream.bits |= byte << stream.bitCount;
    stream.bitCount += 8;
  }
  const value = stream.bits & ((1 << count) - 1);
  stream.bits >>>= count;
  stream.bitCount -= count;
  return value;
};

const write = (stream: Stream, byte: number | undefined): void => {
  if (byte === undefined) throw new Damaged();
  if (stream.output.length >= stream.sizeMax) throw new TooLong();
  stream.output.push(byte);
};

/** A Huffman code: how many codes there are of each length, and their symbols in order. */
interface Code {
  counts: readonly number[];
  symbols: readonly number[];
}

const lengthMax = 15;

const codeOf = (lengths: readonly number[]): Code => {
  const counts = Array.from({ length: lengthMax + 1 }, () => 0);
  for (const length of lengths) if (length > 0) counts[length] = (counts[length] ?? 0) + 1;
  const symbols = lengths
    .map((length, symbol) => ({ length, symbol }))
    .filter(({ length }) => length > 0)
    .toSorted((a, b) => a.length - b.length || a.symbol - b.symbol)
    .map(({ symbol }) => symbol);
  return { counts, symbols };
};

const readSymbol = (stream: Stream, { counts, symbols }: Code): number => {
  let code = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length <= lengthMax; length += 1) {
    code |= readBits(stream, 1);
    const count = counts[length] ?? 0;
    if (code - count < first) return symbols[index + code - first] ?? -1;
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  throw new Damaged();
};

const lengthBases = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const lengthBits = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const distanceBases = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12_289, 16_385, 24_577,
];
const distanceBits = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];

const endOfBlock = 256;

const extended = (
  stream: Stream,
  bases: readonly number[],
  bits: readonly number[],
  index: number,
): number => {
  const [base, count] = [bases[index], bits[index]];
  if (base === undefined || count === undefined) throw new Damaged();
  return base + readBits(stream, count);
};

const readCoded = (stream: Stream, literals: Code, distances: Code): void => {
  for (;;) {
    const symbol = readSymbol(stream, literals);
    if (symbol === endOfBlock) return;
    if (symbol < endOfBlock) {
      write(stream, symbol < 0 ? undefined : symbol);
      continue;
    }
    const length = extended(stream, lengthBases, lengthBits, symbol - endOfBlock - 1);
    const from = extended(stream, distanceBases, distanceBits, readSymbol(stream, distances));
    for (let copied = 0; copied < length; copied += 1)
      write(stream, stream.output[stream.output.length - from]);
  }
};

const readStored = (stream: Stream): void => {
  stream.bits = 0;
  stream.bitCount = 0;
  const length = readBits(stream, 16);
  if (length !== (~readBits(stream, 16) & 0xffff)) throw new Damaged();
  for (let copied = 0; copied < length; copied += 1) write(stream, readBits(stream, 8));
};

const repeat = (length: number, count: number): number[] =>
  Array.from({ length: count }, () => length);

const fixedLiterals = () =>
  codeOf([...repeat(8, 144), ...repeat(9, 112), ...repeat(7, 24), ...repeat(8, 8)]);
const fixedDistances = () => codeOf(repeat(5, 30));

/** In what order the lengths of the code for lengths come. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const readDynamic = (stream: Stream): void => {
  const literalCount = readBits(stream, 5) + 257;
  const distanceCount = readBits(stream, 5) + 1;
  const orderCount = readBits(stream, 4) + 4;
  const own = repeat(0, lengthOrder.length);
  for (const place of lengthOrder.slice(0, orderCount)) own[place] = readBits(stream, 3);
  const code = codeOf(own);
  const lengths: number[] = [];
  while (lengths.length < literalCount + distanceCount) {
    const symbol = readSymbol(stream, code);
    if (symbol < 0) throw new Damaged();
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) {
      const last = lengths.at(-1);
      if (last === undefined) throw new Damaged();
      lengths.push(...repeat(last, 3 + readBits(stream, 2)));
    } else
      lengths.push(
        ...repeat(0, symbol === 17 ? 3 + readBits(stream, 3) : 11 + readBits(stream, 7)),
      );
  }
  const literals = codeOf(lengths.slice(0, literalCount));
  readCoded(stream, literals, codeOf(lengths.slice(literalCount)));
};

/** Throws `Damaged` or `TooLong`. `end` is where the input goes on behind the deflated bytes. */
export const inflate = (
  input: Uint8Array,
  start: number,
  sizeMax: number,
): { bytes: readonly number[]; end: number } => {
  const stream: Stream = { input, offset: start, bits: 0, bitCount: 0, output: [], sizeMax };
  for (let isLast = false; !isLast;) {
    isLast = readBits(stream, 1) === 1;
    const kind = readBits(stream, 2);
    if (kind === 0) readStored(stream);
    else if (kind === 1) readCoded(stream, fixedLiterals(), fixedDistances());
    else if (kind === 2) readDynamic(stream);
    else throw new Damaged();
  }
  return { bytes: stream.output, end: stream.offset };
};
