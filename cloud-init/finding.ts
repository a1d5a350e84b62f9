// A message of the catalogue, its values and a place of the text -> a finding.
import { messages, type MessageId, type MessageRow } from './messages.ts';
import type { Finding } from './report.ts';
import type { Span } from './user-data.ts';

type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

type Texts<Id extends MessageId> = (typeof messages)[Id];

/** The names that a message's texts need. */
export type MessageValues<Id extends MessageId> = Record<
  NamesIn<Texts<Id>['rule']> | NamesIn<Texts<Id>['found']> | NamesIn<Texts<Id>['hint']>,
  string | number
>;

const valueLengthMax = 80;

/** Values that are quoted from the text, so that they are as long as somebody made them. */
const quotedNames: ReadonlySet<string> = new Set([
  'value',
  'text',
  'bare',
  'part',
  'label',
  'anew',
  'title',
]);

/** A letter that a terminal would obey, or that nobody would see, as its code. */
const visible = (text: string): string =>
  text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`,
  );

const fill = (text: string, values: Record<string, string | number>): string =>
  text.replaceAll(/\{([a-zA-Z]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`message without a value for {${name}}: ${text}`);
    const shown = visible(String(value));
    const isCut = quotedNames.has(name) && shown.length > valueLengthMax;
    return isCut ? `${shown.slice(0, valueLengthMax)}…` : shown;
  });

/** A finding at a place of the text. */
export const makeFinding = <Id extends MessageId>(
  id: Id,
  at: Span,
  key: string | undefined,
  values: MessageValues<Id>,
): Finding => {
  const row: MessageRow = messages[id];
  const { rule, found, hint } = row;
  return {
    id,
    severity: row.severity ?? 'error',
    line: at.line,
    column: at.column,
    length: Math.max(1, at.text.length),
    ...(key === undefined ? {} : { key }),
    message: `${fill(rule, values)}; ${fill(found, values)}`,
    hint: fill(hint, values),
  };
};
