// ECDSA on the curve P-256: is this the signature of that hash? With the public key only, so nothing
// here has to take the same time for every input.
// https://csrc.nist.gov/pubs/fips/186-5/final, https://www.rfc-editor.org/rfc/rfc6979 has samples
import { bitsOfNumber, hexOf, numberOf, readContent, readElements } from './der.ts';
import { powerModulo } from './rsa.ts';
import { hash, type HashName } from './sha2.ts';

/** Object identifier of the curve, hexadecimal. */
export const p256 = '2a8648ce3d030107';

/** Jacobian: the point (x / z², y / z³); z is zero at infinity. */
type Point = readonly [x: bigint, y: bigint, z: bigint];

/** As numbers when they are asked for: loading this costs nothing. */
const curve = () => ({
  field: BigInt('0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff'),
  order: BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
  base: [
    BigInt('0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'),
    BigInt('0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'),
    1n,
  ] as Point,
});

/** https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html, the formulas for a = -3. */
const double = ([x, y, z]: Point, field: bigint): Point => {
  const [delta, gamma] = [(z * z) % field, (y * y) % field];
  const beta = (x * gamma) % field;
  const alpha = (3n * (x - delta) * (x + delta)) % field;
  const newX = (alpha * alpha - 8n * beta) % field;
  const newY = (alpha * (4n * beta - newX) - 8n * gamma * gamma) % field;
  return [newX, newY, (2n * y * z) % field];
};

const add = (one: Point, other: Point, field: bigint): Point => {
  const [[x1, y1, z1], [x2, y2, z2]] = [one, other];
  if (z1 === 0n) return other;
  if (z2 === 0n) return one;
  const [square1, square2] = [(z1 * z1) % field, (z2 * z2) % field];
  const [u1, u2] = [(x1 * square2) % field, (x2 * square1) % field];
  const s1 = (((y1 * z2) % field) * square2) % field;
  const s2 = (((y2 * z1) % field) * square1) % field;
  const [width, height] = [(u2 - u1) % field, (s2 - s1) % field];
  if (width === 0n) return height === 0n ? double(one, field) : [1n, 1n, 0n];
  const square = (width * width) % field;
  const cube = (width * square) % field;
  const middle = (u1 * square) % field;
  const newX = (height * height - cube - 2n * middle) % field;
  return [
    newX,
    (height * (middle - newX) - s1 * cube) % field,
    (((z1 * z2) % field) * width) % field,
  ];
};

/** `key` is the point in its long form; byte texts have one character a byte. */
export const isEcdsaSignature = (
  name: HashName,
  key: string,
  signed: string,
  signature: string,
): boolean => {
  const { field, order, base } = curve();
  const [r = 0n, s = 0n] = readContent(readElements(signature)[0]).map(({ content }) =>
    numberOf(content),
  );
  if (r <= 0n || r >= order || s <= 0n || s >= order) return false;
  const point: Point = [numberOf(key.slice(1, 33)), numberOf(key.slice(33)), 1n];
  // As many bits of the hash as the order has.
  const digest = BigInt(`0x${hash(name, signed).slice(0, 64)}`);
  const inverse = powerModulo(s, order - 2n, order);
  const [baseBits, pointBits] = [
    bitsOfNumber((digest * inverse) % order, 256),
    bitsOfNumber((r * inverse) % order, 256),
  ];
  const both = add(base, point, field);
  let sum: Point = [1n, 1n, 0n];
  for (let at = 0; at < 256; at += 1) {
    sum = double(sum, field);
    const [hasBase, hasPoint] = [baseBits[at] === '1', pointBits[at] === '1'];
    if (hasBase || hasPoint) sum = add(sum, hasBase ? (hasPoint ? both : base) : point, field);
  }
  const [x, , z] = sum;
  if (z % field === 0n) return false;
  const scaled = (candidate: bigint) => (candidate * z * z - x) % field === 0n;
  return scaled(r) || (r + order < field && scaled(r + order));
};

/** The long form of a point on this curve: 4, then both coordinates. */
export const isLongPoint = (key: string): boolean =>
  key.length === 65 && hexOf(key[0] ?? '') === '04';
