// Letters that look right and are not -> a finding with their code and what they resemble.
// They come from word processors, chat programs and other keyboards, and nobody sees them.
import { makeFinding } from './finding.ts';
import type { Finding } from './report.ts';
import type { Span } from './user-data.ts';

/** ASCII -> what is taken for it. */
const resemblances: Record<string, string> = {
  a: 'аɑα',
  c: 'сϲ',
  d: 'ԁ',
  e: 'еҽ',
  g: 'ɡ',
  h: 'һ',
  i: 'іıι',
  j: 'ј',
  k: 'κк',
  l: 'ӏⅼ',
  m: 'м',
  n: 'п',
  o: 'оοօ',
  p: 'рρ',
  q: 'ԛ',
  r: 'г',
  s: 'ѕ',
  t: 'т',
  u: 'υ',
  v: 'νѵ',
  w: 'ԝω',
  x: 'хχ',
  y: 'уү',
  z: 'ᴢ',
  '-': '‐‑‒–—―−',
  '/': '⁄∕／',
  '|': '｜¦ǀ',
  '=': '＝',
  '.': '．。',
  ',': '，‚',
  ':': '：',
  '"': '“”„″',
  "'": '‘’′',
  ' ':
    '\u000B\u000C\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A' +
    '\u202F\u205F\u3000',
  // Without width: nobody sees them, and nothing is meant by them.
  '': '\u00AD\u200B\u200C\u200D\u200E\u200F\u2060\uFEFF',
};

const meanings: Record<string, string> = { ' ': ', a blank', '': ', which nobody sees' };

/** What the table says, or the letter below an accent. */
const asciiOf = (letter: string): string | undefined => {
  const resembled = Object.entries(resemblances).find(([, letters]) => letters.includes(letter));
  const [base = ''] = letter.normalize('NFKD');
  return resembled?.[0] ?? (/[!-~]/.test(base) ? base : undefined);
};

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const foreignLetter = /[^\u0020-\u007E]/u;

/** The text as it was meant: every letter replaced by what it resembles, or left out. */
export const plainText = (text: string): string =>
  Array.from(text, (one) => (foreignLetter.test(one) ? (asciiOf(one) ?? '') : one))
    .join('')
    .trim();

/** The first letter that is not plain ASCII, with its own place. */
export const checkCharacters = (at: Span, key?: string): Finding[] => {
  const found = foreignLetter.exec(at.text);
  if (found === null) return [];
  const [letter] = found;
  const ascii = asciiOf(letter);
  const code = `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const place = { text: letter, line: at.line, column: at.column + found.index };
  const values = {
    letter,
    code,
    resembles: ascii === undefined ? '' : (meanings[ascii] ?? `, not ${ascii}`),
    anew: plainText(at.text) || 'a plain blank, or nothing',
  };
  return [makeFinding('look-alike', place, key, values)];
};
