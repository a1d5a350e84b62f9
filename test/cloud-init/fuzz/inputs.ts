// Random numbers -> user-data of every kind: noise, nearly right lines, right ones, packed, damaged.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { keys } from '../../../cloud-init/keys.ts';
import { decodeUtf8 } from '../../../cloud-init/text.ts';

/** What the agent makes of the bytes of user-data. */
export const textOf = (bytes: Buffer | Uint8Array): string =>
  decodeUtf8(Buffer.from(bytes).toString('latin1'));

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,12}[a-z0-9])?$/);
const path = fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,8}(\/[a-z0-9][a-z0-9_.-]{0,8}){0,2}$/);
const group = fc.stringMatching(/^[\w.@/]([\w.@/ -]{0,12}[\w.@/])?$/);
const hook = fc.stringMatching(/^[\w/-]{1,12}$/);
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

const podRange = fc
  .tuple(fc.integer({ min: 16, max: 24 }), fc.nat(255), fc.nat(255))
  .map(([length, second, third]) => {
    const host = length >= 24 ? 0 : third & (2 ** (24 - length) - 1);
    return `100.${64 + (second % 64)}.${third - host}.0/${length}`;
  });

const labelList = fc
  .uniqueArray(fc.tuple(label, label), { maxLength: 3, minLength: 1, selector: ([key]) => key })
  .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join(','));

const taintList = fc
  .uniqueArray(fc.tuple(label, label, fc.constantFrom(...effects)), {
    maxLength: 3,
    minLength: 1,
    selector: ([key]) => key,
  })
  .map((rows) => rows.map(([key, value, effect]) => `${key}=${value}:${effect}`).join(','));

/** Values of the right form by key; no two of them disagree. */
export const validFields = fc.record(
  {
    name: label,
    'pod-cidr': fc.oneof(podRange, fc.constantFrom('imds-prefix', 'node', 'none')),
    labels: labelList,
    taints: taintList,
    'max-pods': fc.integer({ min: 1, max: 110 }).map(String),
    'group-size': fc.constant('1'),
    'lifecycle-hook': fc.tuple(group, hook).map((names) => names.join(':')),
    'node-name': fc.constantFrom('instance-id', 'private-dns-name'),
    cluster: label,
    'cluster-domain': fc.tuple(label, label).map((labels) => labels.join('.')),
    'secret-prefix': path,
    'kube-proxy-mode': fc.constant('nftables'),
  },
  { requiredKeys: ['name', 'pod-cidr'] },
);

export type ValidFields = Record<string, string>;

const separators = ['|', '\n', '\r\n', ' | ', '|\n', '\n\n'];

/** One line, or one field a line, with blanks where they mean nothing. */
export const formatFields = (fields: ValidFields, separator: number): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key}=${value}`)
    .join(separators[separator % separators.length]);

const base64Of = (text: string): string => Buffer.from(text).toString('base64');

const mimeOf = (part: string): string =>
  `Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n\n--b\n` +
  `Content-Type: text/x-shellscript\n\n#!/bin/sh\n--b\n${part}\n--b--\n`;

/** How users and tools pack user-data; each keeps the text. */
export const packings: Record<string, (text: string) => Buffer> = {
  plain: (text) => Buffer.from(text),
  base64: (text) => Buffer.from(base64Of(text)),
  gzip: (text) => gzipSync(text),
  'base64 of gzip': (text) => Buffer.from(gzipSync(text).toString('base64')),
  MIME: (text) => Buffer.from(mimeOf(`Content-Type: text/x-groundup\n\n${text}`)),
  'base64 in MIME': (text) =>
    Buffer.from(
      mimeOf(
        `Content-Type: text/x-groundup\nContent-Transfer-Encoding: base64\n\n${base64Of(text)}`,
      ),
    ),
};

export const packing = fc.constantFrom(...Object.keys(packings));

export const pack = (form: string, text: string): string =>
  textOf(packings[form]?.(text) ?? Buffer.from(text));

const words = [
  ...keys,
  '=',
  '|',
  '\n',
  '\r\n',
  ',',
  ':',
  ' ',
  '\t',
  '"',
  '${name}',
  '172.20.0.0/24',
  '10.32.0.0/24',
  'worker-0',
  'tls-bootstrap',
  'NoSchedule',
  '\uFEFF',
  'о',
  '#!',
  '#cloud-config',
  'Content-Type: multipart/mixed; boundary=b\n\n--b\n',
  'Content-Type: text/x-groundup\n\n',
  'Content-Transfer-Encoding: base64\n',
  '--b',
  '--b--',
  '<html>',
  '\u001F\u008B\b',
];

const bits = fc
  .array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 6 })), { maxLength: 24 })
  .map((pieces) => pieces.join(''));

interface Damage {
  at: number;
  value: number;
  kind: 'change' | 'cut' | 'insert' | 'none';
}

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat(4000),
  value: fc.nat(255),
  kind: fc.constantFrom('change', 'cut', 'insert', 'none'),
});

const damaged = (bytes: Buffer, { at, value, kind }: Damage): Buffer => {
  const index = bytes.length === 0 ? 0 : at % bytes.length;
  if (kind === 'none' || bytes.length === 0) return bytes;
  if (kind === 'cut') return bytes.subarray(0, index);
  const rest = bytes.subarray(kind === 'insert' ? index : index + 1);
  return Buffer.concat([bytes.subarray(0, index), Buffer.from([value]), rest]);
};

const right = fc
  .tuple(validFields, fc.nat(5))
  .map(([fields, separator]) => formatFields(fields as ValidFields, separator));

/** User-data as the agent has it after reading. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.uint8Array({ maxLength: 120 }).map(textOf),
  bits,
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .tuple(fc.oneof(right, bits), packing, damage)
    .map(([text, form, fault]) =>
      textOf(damaged(packings[form]?.(text) ?? Buffer.alloc(0), fault)),
    ),
);
