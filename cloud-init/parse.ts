// Fields of user-data -> one value per known key, and a finding for each field that is none.
import { checkCharacters, plainText } from './characters.ts';
import { isKey, keys, keyTable, type Key } from './keys.ts';
import { makeFinding } from './finding.ts';
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

/** Of shells, Terraform, Jinja, Windows; or a place to fill in by hand. */
const variable =
  /\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|\{\{.*?\}\}|%[A-Za-z_]+%|<[A-Za-z][\w -]*>/;

/** A whole field, or its key, that a template left as it was; which key was meant, nobody knows. */
const unexpandedField = (key: Span): Finding | undefined => {
  const found = variable.exec(key.text)?.[0];
  if (found === undefined) return undefined;
  const { example } = keyTable.name;
  return makeFinding('unexpanded-variable', key, undefined, { value: found, key: 'name', example });
};

const unknownKey = ({ key }: Field): Finding => {
  const unexpanded = unexpandedField(key);
  if (unexpanded !== undefined) return unexpanded;
  const nearest = nearestWord(key.text.replaceAll('_', '-'), keys);
  return makeFinding('unknown-key', key, key.text === '' ? undefined : key.text.slice(0, 40), {
    text: key.text === '' ? 'an empty one' : key.text,
    suggestion: nearest === undefined ? '' : `did you mean ${nearest}? `,
    keys: keys.toSorted().join(', '),
  });
};

const quotes = /^(["'])(.*)\1$/;
/** Faults of how a value stands there, whatever its key. */
const checkForm = (key: Key, at: Span, keyAt: Span): Finding[] => {
  const { example } = keyTable[key];
  if (at.text === '') return [makeFinding('empty-value', keyAt, key, { key, example })];
  const strange = checkCharacters(at, key);
  if (strange.length > 0) return strange;
  const bare = quotes.exec(at.text)?.[2];
  if (bare !== undefined)
    return [makeFinding('quoted-value', at, key, { value: at.text, key, bare })];
  const found = variable.exec(at.text)?.[0];
  if (found === undefined) return [];
  return [makeFinding('unexpanded-variable', at, key, { value: found, key, example })];
};

/** Sorts fields by key; every fault becomes a finding, none stops the rest. */
export const parseFields = (fields: readonly Field[]): Parsed => {
  const known: ParsedFields = {};
  const places = new Map<Key, Span>();
  const findings: Finding[] = [];
  for (const field of fields) {
    const { key, value } = field;
    const strange = checkCharacters(key);
    findings.push(...strange);
    const name = strange.length === 0 ? key.text : plainText(key.text);
    if (value === undefined) {
      if (strange.length === 0)
        findings.push(
          unexpandedField(key) ?? makeFinding('not-a-field', key, undefined, { text: name }),
        );
      continue;
    }
    if (!isKey(name)) {
      if (strange.length === 0) findings.push(unknownKey(field));
      continue;
    }
    const first = places.get(name);
    if (first !== undefined) {
      const place = `${first.line}:${first.column}`;
      findings.push(makeFinding('duplicate-key', key, name, { place }));
      continue;
    }
    places.set(name, key);
    const wrong = checkForm(name, value, key);
    findings.push(...wrong);
    if (wrong.length === 0) known[name] = value;
  }
  return { fields: known, named: new Set(places.keys()), findings };
};
