// Base64 text -> its bytes as text (one character a byte). QuickJS has no atob, Node's would do.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Nothing when the text is not base64; line breaks are passed over. */
export const decodeBase64 = (encoded: string): string | undefined => {
  const text = encoded.replaceAll(/\s/g, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  let decoded = '';
  let bits = 0;
  let bitCount = 0;
  for (const letter of text.replace(/=+$/, '')) {
    bits = (bits << 6) | alphabet.indexOf(letter);
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    decoded += String.fromCharCode((bits >> bitCount) & 0xff);
  }
  return decoded;
};
