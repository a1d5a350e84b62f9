// IPv4 ranges and addresses as text -> arithmetic over them, strict about the form.
import { Address4 } from 'ip-address';

export interface Range {
  /** As it was written. */
  text: string;
  prefix: number;
  /** First and last address as numbers. */
  first: bigint;
  last: bigint;
}

const dotted = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const prefixForm = /^(?:\d|[12]\d|3[0-2])$/;

/** True for four decimal parts up to 255 without leading zeros. */
export const isAddress = (text: string): boolean => dotted.test(text) && Address4.isValid(text);

/** `172.20.0.0/24` -> range; nothing when it has another form. Host bits are allowed here. */
export const parseRange = (text: string): Range | undefined => {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isAddress(address) || !prefixForm.test(prefix)) return undefined;
  const parsed = new Address4(text);
  return {
    text,
    prefix: Number(prefix),
    first: parsed.startAddress().bigInt(),
    last: parsed.endAddress().bigInt(),
  };
};

/** For ranges of our own tables and of the metadata service, where another form is a bug. */
export const rangeOf = (text: string): Range => {
  const range = parseRange(text);
  if (range === undefined) throw new Error(`not an IPv4 range: ${text}`);
  return range;
};

export const formatAddress = (address: bigint): string =>
  Address4.fromBigInt(address).correctForm();

/** The range without host bits, e.g. `172.20.0.0/24` for `172.20.0.7/24`. */
export const networkOf = (range: Range): string => `${formatAddress(range.first)}/${range.prefix}`;

export const overlaps = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;

/** The address as a number; the caller has checked its form. */
export const addressNumber = (text: string): bigint => new Address4(text).bigInt();

/** How many pods a bridge with host-local addresses has room for: not network, gateway, broadcast. */
export const podCapacity = (range: Range): number => Number(range.last - range.first) + 1 - 3;
