// Base64 text -> its bytes as text (one character a byte). QuickJS has no atob, Node's would do.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Nothing when the text is not base64; line breaks are passed over. */
export const decodeBase64 = (encoded: string): string | undefined => {
  const text = encoded.replaceAll(/\s/g, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  // By code of a letter; four letters at a time: QuickJS decodes some 20 KB of this at a boot.
  const values = new Uint8Array(128);
  for (let at = 0; at < alphabet.length; at += 1) values[alphabet.charCodeAt(at)] = at;
  const valueAt = (at: number): number => values[text.charCodeAt(at)] as number;
  let decoded = '';
  for (let at = 0; at < text.length; at += 4) {
    const bits =
      (valueAt(at) << 18) | (valueAt(at + 1) << 12) | (valueAt(at + 2) << 6) | valueAt(at + 3);
    decoded += String.fromCharCode(bits >> 16, (bits >> 8) & 0xff, bits & 0xff);
  }
  const paddingLength = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decoded.slice(0, decoded.length - paddingLength);
};
