// Bytes, one character each, -> text. QuickJS has no TextDecoder.

/** Reads UTF-8; bytes that are none, e.g. compressed ones, stay one character each. */
export const decodeUtf8 = (binary: string): string => {
  // Plain ASCII, nearly always, needs no work.
  if (!/[\u0080-\u00FF]/.test(binary)) return binary;
  try {
    return decodeURIComponent(escape(binary));
  } catch {
    return binary;
  }
};

/** The opposite: QuickJS has no TextEncoder, and the percent form of a text spells out its bytes. */
export const encodeUtf8 = (text: string): string => unescape(encodeURIComponent(text));
