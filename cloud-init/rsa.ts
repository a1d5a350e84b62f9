// RSA, PKCS #1 version 1.5: is this the signature of that hash? With the public key only.
// https://www.rfc-editor.org/rfc/rfc8017#section-8.2.2
import { hexOf, hexOfNumber, bitsOfNumber, numberOf, readContent, readElements } from './der.ts';
import { hash, hashLengths, type HashName } from './sha2.ts';

/** Last byte of the hash's object identifier, 2.16.840.1.101.3.4.2.n. */
const hashIds: Record<HashName, string> = { sha256: '01', sha384: '02', sha512: '03' };

const hexByte = (value: number): string => value.toString(16).padStart(2, '0');

/** The DER of `{{algorithm, null}, hash}` in hexadecimal. */
const digestInfo = (name: HashName, digest: string): string => {
  const length = hashLengths[name];
  const algorithm = `300d06096086480165030402${hashIds[name]}0500`;
  return `30${hexByte(length + 17)}${algorithm}04${hexByte(length)}${digest}`;
};

export const powerModulo = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n;
  for (const bit of bitsOfNumber(exponent, 1)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
};

/** `key` is PKCS #1's sequence of modulus and exponent; byte texts have one character a byte. */
export const isRsaSignature = (
  name: HashName,
  key: string,
  signed: string,
  signature: string,
): boolean => {
  const [modulusField, exponentField] = readContent(readElements(key)[0]);
  if (modulusField === undefined || exponentField === undefined) return false;
  const [modulus, exponent] = [numberOf(modulusField.content), numberOf(exponentField.content)];
  const value = numberOf(signature);
  if (modulus === 0n || value >= modulus) return false;
  const info = digestInfo(name, hash(name, signed));
  // As long as the modulus, which DER may begin with a zero for its sign.
  const digits = hexOf(modulusField.content).replace(/^(?:00)+/, '').length;
  const filling = 'ff'.repeat(Math.max(8, (digits - info.length) / 2 - 3));
  const expected = `0001${filling}00${info}`;
  return (
    signature.length * 2 === digits &&
    hexOfNumber(powerModulo(value, exponent, modulus), digits) === expected
  );
};
