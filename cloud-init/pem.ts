// PEM text -> its blocks as bytes. https://www.rfc-editor.org/rfc/rfc7468
import { decodeBase64 } from './base64.ts';

export interface PemBlock {
  /** E.g. `CERTIFICATE`. */
  label: string;
  /** From its first dash to its last, and a line feed. */
  text: string;
  /** One character each; absent when they are not base64, as in a key with a passphrase. */
  bytes: string | undefined;
}

/** Every block in order; text around blocks does not count. */
export const readPem = (text: string): PemBlock[] => {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g);
  return Array.from(blocks, ([block, label = '', body = '']) => ({
    label,
    text: `${block}\n`,
    bytes: body.trim() === '' ? undefined : decodeBase64(body),
  }));
};
