// DER bytes (one character each) -> nested elements: as much of it as certificates and keys need.
// By hand: openssl's words for people change between its versions. https://www.itu.int/rec/T-REC-X.690

export interface DerElement {
  /** The identifier byte, e.g. 0x30 for a sequence. */
  tag: number;
  content: string;
  /** The identifier, the length and the content: what names are compared and signatures made by. */
  bytes: string;
}

export const derTags = {
  boolean: 0x01,
  bitString: 0x03,
  octetString: 0x04,
  utcTime: 0x17,
  generalizedTime: 0x18,
  objectIdentifier: 0x06,
  version: 0xa0,
  /** `[n] EXPLICIT`, and `[n] IMPLICIT` of something simple. */
  context: [0xa0, 0xa1, 0xa2, 0xa3],
  contextSimple: [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87],
} as const;

/** The elements that stand side by side in `bytes`; throws a RangeError when a length does not fit. */
export const readElements = (bytes: string): DerElement[] => {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const tag = bytes.charCodeAt(at);
    let length = bytes.charCodeAt(at + 1);
    at += 2;
    if (length >= 0x80) {
      const lengthBytes = length & 0x7f;
      length = 0;
      for (const end = at + lengthBytes; at < end; at += 1)
        length = length * 256 + bytes.charCodeAt(at);
    }
    // Not a number when the bytes end within the length itself.
    if (!(at + length <= bytes.length)) throw new RangeError('the bytes end too early');
    const end = at + length;
    elements.push({ tag, content: bytes.slice(at, end), bytes: bytes.slice(start, end) });
    at += length;
  }
  return elements;
};

/** The elements within an element; none when there is no element. */
export const readContent = (element: DerElement | undefined): DerElement[] =>
  element === undefined ? [] : readElements(element.content);

/** Bytes, one character each, as hexadecimal digits: `2A 86` -> `2a86`. */
export const hexOf = (bytes: string): string => {
  let hex = '';
  for (let at = 0; at < bytes.length; at += 1)
    hex += (bytes.charCodeAt(at) + 0x100).toString(16).slice(1);
  return hex;
};

/** Bytes, the highest first, as a number that is not negative. */
export const numberOf = (bytes: string): bigint => BigInt(`0x0${hexOf(bytes)}`);
