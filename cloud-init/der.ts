// DER bytes (one character each) -> nested elements: as much of it as a certificate's names need.
// By hand: openssl would be the only program that the boot starts for text it has in memory, 15 ms and
// 2 MB of cold reads. https://www.itu.int/rec/T-REC-X.690

export interface DerElement {
  /** The identifier byte, e.g. 0x30 for a sequence. */
  tag: number;
  content: string;
}

export const derTags = {
  utcTime: 0x17,
  generalizedTime: 0x18,
  objectIdentifier: 0x06,
  version: 0xa0,
} as const;

/** The elements that stand side by side in `bytes`; throws a RangeError when a length does not fit. */
export const readElements = (bytes: string): DerElement[] => {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
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
    elements.push({ tag, content: bytes.slice(at, at + length) });
    at += length;
  }
  return elements;
};
