// IPv4 ranges and addresses as text -> arithmetic over them, strict about the form.
// By hand and not by a library: the smallest one that is kept well would be half of what QuickJS
// compiles at each boot, for a dozen lines of arithmetic.

export interface Range {
  /** As it was written. */
  text: string;
  prefix: number;
  /** First and last address as numbers. */
  first: number;
  last: number;
}

const dotted = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const prefixForm = /^(?:\d|[12]\d|3[0-2])$/;

const partsOf = (text: string): number[] => text.split('.').map(Number);

/** True for four decimal parts up to 255 without leading zeros. */
export const isAddress = (text: string): boolean =>
  dotted.test(text) && partsOf(text).every((part) => part <= 255);

/** The address as a number; the caller has checked its form. */
export const addressNumber = (text: string): number =>
  partsOf(text).reduce((number, part) => number * 256 + part, 0);

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');

/** `172.20.0.0/24` -> range; nothing when it has another form. Host bits are allowed here. */
export const parseRange = (text: string): Range | undefined => {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isAddress(address) || !prefixForm.test(prefix)) return undefined;
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(addressNumber(address) / size) * size;
  return { text, prefix: Number(prefix), first, last: first + size - 1 };
};

/** For ranges of our own tables and of the metadata service, where another form is a bug. */
export const rangeOf = (text: string): Range => {
  const range = parseRange(text);
  if (range === undefined) throw new Error(`not an IPv4 range: ${text}`);
  return range;
};

/** The range without host bits, e.g. `172.20.0.0/24` for `172.20.0.7/24`. */
export const networkOf = (range: Range): string => `${formatAddress(range.first)}/${range.prefix}`;

export const overlaps = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;

/** How many pods a bridge with host-local addresses has room for: not network, gateway, broadcast. */
export const podCapacity = ({ first, last }: Range): number => last - first + 1 - 3;
