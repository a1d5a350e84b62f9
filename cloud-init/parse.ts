// Fields -> one value per key, and findings for everything that is no key, twice or empty.
import { isKey, keyNames, keyTable, type Key } from './keys.ts';
import { messages, type Message } from './messages.ts';
import { nearestWord } from './nearest.ts';
import type { Finding } from './report.ts';
import type { Field } from './user-data.ts';

export type Draft = Partial<Record<Key, Field>>;

/** A finding about a field's value. */
export const atValue = (field: Field, message: Message): Finding => ({
  ...message,
  severity: 'error',
  key: field.key,
  line: field.line,
  column: field.valueColumn,
  length: Math.max(1, field.value.length),
});

const atKey = (field: Field, message: Message, key?: string): Finding => ({
  ...message,
  severity: 'error',
  ...(key === undefined ? {} : { key }),
  line: field.line,
  column: field.keyColumn,
  length: Math.max(1, field.key.length),
});

const exampleOf = (key: Key): string => keyTable.find((row) => row.key === key)?.example ?? '';

const checkField = (field: Field, draft: Draft): Finding | undefined => {
  const { key, value } = field;
  if (!field.hasEquals) return atKey(field, messages.noEquals(key));
  if (!isKey(key))
    return atKey(field, messages.unknownKey(key, nearestWord(key, keyNames), keyNames));
  const before = draft[key];
  if (before) return atKey(field, messages.duplicateKey(before.line, before.keyColumn), key);
  draft[key] = field;
  if (value === '') return atValue(field, messages.emptyValue(key, exampleOf(key)));
  if (/\$[{(A-Za-z_]|\{\{/.test(value)) return atValue(field, messages.unexpandedVariable(value));
  return undefined;
};

/** Never throws; a key that has a finding may still be in the draft. */
export const parseFields = (fields: readonly Field[]): { draft: Draft; findings: Finding[] } => {
  const draft: Draft = {};
  const findings: Finding[] = [];
  for (const field of fields) {
    const finding = checkField(field, draft);
    if (finding) findings.push(finding);
  }
  for (const { key, required, example } of keyTable) {
    if (!required || draft[key] !== undefined) continue;
    const missing = messages.missingKey(key, example);
    findings.push({ ...missing, severity: 'error', key, line: 1, column: 1, length: 1 });
  }
  return { draft, findings };
};
