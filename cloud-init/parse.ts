// Fields of user-data -> one value per known key, and a finding for each field that is none.
import { isKey, keys, keyTable, type Key } from './keys.ts';
import { makeFinding } from './messages.ts';
import { nearestWord } from './nearest.ts';
import type { Finding } from './report.ts';
import type { Field, Span } from './user-data.ts';

/** What user-data says about a key, unchecked: the value's place, even when it is wrong. */
export type ParsedFields = Partial<Record<Key, Span>>;

export interface Parsed {
  fields: ParsedFields;
  /** Known keys that were named in some form, so that none of them counts as missing. */
  named: ReadonlySet<Key>;
  findings: Finding[];
}

const unknownKey = ({ key }: Field): Finding => {
  const nearest = nearestWord(key.text.replaceAll('_', '-'), keys);
  return makeFinding('unknown-key', key, key.text === '' ? undefined : key.text.slice(0, 40), {
    suggestion: nearest === undefined ? '' : `did you mean ${nearest}? `,
    keys: keys.toSorted().join(', '),
  });
};

const quotes = /^(["'])(.*)\1$/;

/** Sorts fields by key; every fault becomes a finding, none stops the rest. */
export const parseFields = (fields: readonly Field[]): Parsed => {
  const known: ParsedFields = {};
  const places = new Map<Key, Span>();
  const findings: Finding[] = [];
  for (const field of fields) {
    const { key, value } = field;
    const name = key.text;
    if (value === undefined) {
      findings.push(makeFinding('not-a-field', key, undefined, { text: name }));
      continue;
    }
    if (!isKey(name)) {
      findings.push(unknownKey(field));
      continue;
    }
    const first = places.get(name);
    if (first !== undefined) {
      const place = `${first.line}:${first.column}`;
      findings.push(makeFinding('duplicate-key', key, name, { place }));
      continue;
    }
    places.set(name, key);
    const bare = quotes.exec(value.text)?.[2];
    if (value.text === '') {
      const { example } = keyTable[name];
      findings.push(makeFinding('empty-value', key, name, { key: name, example }));
    } else if (bare !== undefined) {
      findings.push(
        makeFinding('quoted-value', value, name, { value: value.text, key: name, bare }),
      );
    } else known[name] = value;
  }
  return { fields: known, named: new Set(places.keys()), findings };
};
