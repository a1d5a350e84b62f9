// The text of user-data -> fields with their places, or the reason why it is not meant for us.

/** A piece of the text; line and column count from 1, columns in UTF-16 units. */
export interface Span {
  text: string;
  line: number;
  column: number;
}

export interface Field {
  key: Span;
  /** Absent when the field has no `=`. */
  value?: Span;
}

export type UserData =
  | { kind: 'none' }
  /** Someone else's: cloud-init's, a script, another system's. */
  | { kind: 'foreign'; form: string }
  | { kind: 'fields'; fields: Field[] };

/** How texts begin that are not ours. Anything else is taken for ours and checked strictly. */
const foreignForms: readonly { begins: RegExp; form: string }[] = [
  { begins: /^#!/, form: 'a script' },
  { begins: /^#cloud-config/, form: 'cloud-config' },
  {
    begins: /^(?:#(?:cloud-boothook|include|part-handler)|## template:)/,
    form: 'a cloud-init part',
  },
  // Other headers, folded or not, and the line of a mailbox may stand before these two.
  {
    begins:
      /^(?:From .*\r?\n)?(?:[\w-]+:.*\r?\n(?:[ \t]+\S.*\r?\n)*)*(?:content-type|mime-version):/i,
    form: 'MIME',
  },
  // eslint-disable-next-line no-control-regex -- the first bytes of a gzip file
  { begins: /^\u001F/, form: 'gzip' },
  { begins: /^<(?:powershell|script|persist)>/i, form: 'a Windows script' },
  // What Jinja left as it was begins like JSON, and is ours to refuse.
  { begins: /^\{(?![{%#])/, form: 'JSON' },
  { begins: /^\[/, form: 'TOML' },
];

/** The only ones that mean nothing: what else looks like a blank, or like nothing, is to be found. */
const isBlank = (letter: string): boolean => ' \t\r\n'.includes(letter);

const spanOf = (line: string, lineNumber: number, start: number, end: number): Span => {
  let first = start;
  let last = end;
  while (first < last && isBlank(line.charAt(first))) first += 1;
  while (last > first && isBlank(line.charAt(last - 1))) last -= 1;
  return { text: line.slice(first, last), line: lineNumber, column: first + 1 };
};

/** `|` and `=` inside `{{ }}` are Jinja's: they would cut what a template left into parts of nothing. */
const hideJinja = (line: string): string =>
  line.replaceAll(/\{\{[^{}]*\}\}/g, (found) => '{'.repeat(found.length));

const readField = (
  line: string,
  shape: string,
  lineNumber: number,
  start: number,
  end: number,
): Field => {
  const equals = shape.indexOf('=', start);
  if (equals === -1 || equals >= end) return { key: spanOf(line, lineNumber, start, end) };
  return {
    key: spanOf(line, lineNumber, start, equals),
    value: spanOf(line, lineNumber, equals + 1, end),
  };
};

const readFields = (text: string): Field[] => {
  const fields: Field[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const shape = hideJinja(line);
    let start = 0;
    for (const piece of shape.split('|')) {
      const end = start + piece.length;
      if (spanOf(line, index + 1, start, end).text !== '')
        fields.push(readField(line, shape, index + 1, start, end));
      start = end + 1;
    }
  }
  return fields;
};

const errorPage = /(?:^|=)\s*(?=<(?:\?xml|!doctype|html|head|body|error)\b)/i;

/** Where a page of a web server begins: instead of the fields, or instead of a value. */
export const findErrorPage = (text: string): Span | undefined => {
  const found = errorPage.exec(text);
  if (found === null) return undefined;
  const lines = text.slice(0, found.index + found[0].length).split('\n');
  return { text: '', line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
};

/** Reads user-data: fields separated by `|` or new lines; ASCII blanks around keys and values are dropped. */
export const readUserData = (text: string): UserData => {
  if (/^[ \t\r\n]*$/.test(text)) return { kind: 'none' };
  // cloud-init passes over more blanks than we do, and takes what comes then.
  const begin = text.trimStart();
  const foreign = foreignForms.find(({ begins }) => begins.test(begin));
  if (foreign !== undefined) return { kind: 'foreign', form: foreign.form };
  return { kind: 'fields', fields: readFields(text) };
};
