// docs/user-data.md: what may stand in the braces of its messages, each text provoked by user-data.
// UPDATE=1 writes the table again.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MessageId } from '../../cloud-init/messages.ts';
import { decodeUtf8 } from '../../cloud-init/text.ts';
import { checkUserData } from '../../cloud-init/validate.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { settings } from '../fakes/node.ts';
import { assertTable, fillHoles, markdownTable } from './page.ts';

const page = 'docs/user-data.md';
const line = 'name=worker-0|pod-cidr=172.20.0.0/24';
const binary = (bytes: Buffer): string => decodeUtf8(bytes.toString('latin1'));
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const mime = (parts: readonly string[], boundary = 'B'): string =>
  [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    ...parts.map((part) => `--${boundary}\n${part}`),
    `--${boundary}--`,
    '',
  ].join('\n');
const partOf = (body: string): string => `Content-Type: text/x-groundup\n\n${body}`;
const script = 'Content-Type: text/x-shellscript\n\n#!/bin/sh';
const times = <T>(count: number, first: T, change: (last: T, index: number) => T): T =>
  Array.from({ length: count }).reduce<T>((last, _, index) => change(last, index), first);

interface Reason {
  /** `<…>` stands for what was found. */
  text: string;
  values?: string[];
  /** User-data that provokes it, for each message that has it. */
  by: Partial<Record<MessageId, string>>;
}

const packed = (text: string, userData: string, values: string[] = []): Reason => ({
  text,
  values,
  by: { 'not-unpacked': userData },
});

const notUnpacked: Reason[] = [
  packed('base64 is cut short', base64(`${line}|cluster=b`).slice(0, 33)),
  packed('gzip is cut short or damaged', binary(gzipSync(line).subarray(0, -9))),
  packed('gzip was stored as text, which damages it', gzipSync(line).toString('utf8')),
  packed('MIME names no boundary', mime([partOf(line)]).replace(/; boundary=.*/, '')),
  packed(
    'MIME ends before its last boundary, --<boundary>--',
    mime([partOf(line)]).replace('--B--\n', ''),
    ['B'],
  ),
  packed(
    'MIME has a part of type <type> in broken base64',
    mime(['Content-Type: text/x-groundup\nContent-Transfer-Encoding: base64\n\n???']),
    ['text/x-groundup'],
  ),
  packed(
    'MIME has more than 100 parts',
    mime([partOf(line), ...Array.from({ length: 100 }, () => script)]),
  ),
  packed(
    'MIME has parts in parts more than 4 deep',
    times(5, partOf(line), (inner, index) => mime([inner], `B${index}`)),
  ),
  packed(
    'text is packed more than 4 times',
    binary(times(6, Buffer.from(line), (bytes) => gzipSync(bytes))),
  ),
];

const form = (text: string, body: string): Reason => ({
  text,
  by: { 'part-without-fields': mime([partOf(body)]) },
});

const withoutFields: Reason[] = [
  form('empty', ''),
  form('a script', '#!/bin/sh'),
  form('cloud-config', '#cloud-config'),
  form('a cloud-init part', '#include'),
  form('a Windows script', '<powershell>'),
  form('MIME', mime([script], 'C')),
  form('gzip', '\u001F'),
  form('JSON', '{}'),
  form('TOML', '[settings]'),
];

const item = (text: string, label: string, taint?: string): Reason => ({
  text,
  by: {
    'bad-label': `${line}|labels=${label}`,
    ...(taint === undefined ? {} : { 'bad-taint': `${line}|taints=${taint}` }),
  },
});

const items: Reason[] = [
  item('stands between commas: there is nothing', 'a=b,'),
  item('has no =', 'pool'),
  { text: 'has no : before its effect', by: { 'bad-taint': `${line}|taints=dedicated=gpu` } },
  { text: 'has another effect', by: { 'bad-taint': `${line}|taints=a=b:Noschedule` } },
  item('has no key', '=b', ':NoExecute'),
  item('has more than one / in its key', 'a/b/c=d', 'a/b/c=d:NoExecute'),
  item('has a key that is not letters, digits and -_. (at most 63)', '-a=b', '-a=b:NoExecute'),
  item('has a prefix that is no lower-case DNS name', 'A.com/b=d', 'A.com/b=d:NoExecute'),
  item('has a value that is not letters, digits and -_. (at most 63)', 'a=-b', 'a=-b:NoExecute'),
];

const podCidr = (range: string): string => `name=worker-0|pod-cidr=${range}`;
const reserved = (text: string, range: string): Reason => ({
  text,
  by: { 'reserved-range': podCidr(range) },
});
const dnsAddress = (text: string, address: string): Reason => ({
  text,
  by: { 'dns-address-reserved': `${line}|dns-address=${address}` },
});
const lookAlike = (text: string, name: string, values: string[] = []): Reason => ({
  text,
  values,
  by: { 'look-alike': `name=${name}|pod-cidr=172.20.0.0/24` },
});

const others: Reason[] = [
  lookAlike(', not <letter>', 'w\u043Erker', ['o']),
  lookAlike(', a blank', 'worker\u00A00'),
  lookAlike(', which nobody sees', 'worker\u200B0'),
  { text: 'without a title', by: { 'error-page': '<html></html>' } },
  {
    text: 'a node runs at most 110 pods: a /24 has room for all of them',
    by: { 'range-size': podCidr('172.20.0.0/30') },
  },
  {
    text: 'the API server takes no wider range, and a narrower one has no room for Services',
    by: { 'range-size': `${line}|service-cidr=10.0.0.0/8` },
  },
  reserved('which means this network', '0.1.0.0/24'),
  reserved('which is loopback', '127.0.0.0/24'),
  reserved('which is link-local: the metadata service lives there', '169.254.0.0/24'),
  reserved('which is multicast and reserved', '224.0.0.0/24'),
  dnsAddress('the network address', '10.32.0.0'),
  dnsAddress('the address of the kubernetes Service', '10.32.0.1'),
  dnsAddress('the last address', '10.32.0.255'),
  {
    text: 'the certificate names this one',
    by: { 'unused-node-name': `${line}|node-name=private-dns-name` },
  },
  {
    text: 'name names this one',
    by: { 'unused-node-name': `${line}|identity=tls-bootstrap|node-name=private-dns-name` },
  },
];

const reasons = [...notUnpacked, ...withoutFields, ...items, ...others];

const findingsOf = (userData: string) => {
  const check = checkUserData(userData, settings);
  if (check.kind === 'errors') return check.findings;
  return check.kind === 'node' ? check.warnings : [];
};

for (const { text, values, by } of reasons)
  for (const [id, userData] of Object.entries(by))
    test(`${id}: ${text}`, () => {
      const found = findingsOf(userData).find((finding) => finding.id === id);
      assert.ok(found, `${userData} is not ${id}`);
      const wanted = fillHoles(text, values);
      // A reason ends what was found, or is the hint; only of these two more comes behind it.
      const isWithin = id === 'error-page' || id === 'dns-address-reserved';
      const has = isWithin
        ? found.message.includes(wanted)
        : found.message.endsWith(wanted) || found.hint === wanted;
      assert.ok(has, `${found.message} (${found.hint})`);
    });

test('the table of reasons', () => {
  const rows = reasons.map(({ text, by }) => [
    Object.keys(by)
      .map((id) => `\`${id}\``)
      .join(', '),
    `\`${text}\``,
  ]);
  return assertTable(page, 'reasons', markdownTable(['id', 'what may stand there'], rows));
});

test('every reason of the sources is among them', async () => {
  const reasonForm = /(['`])((?:has|is|was|names|ends|stands) [^'`\n]*)\1/g;
  const known = reasons.map(({ text }) => text.replaceAll(/<[^>]+>|\d+/g, '…'));
  for (const file of ['mime', 'envelope', 'labels']) {
    const source = await readFile(inProject('cloud-init', `${file}.ts`), 'utf8');
    const found = [...source.matchAll(reasonForm)].map(([, , text = '']) =>
      text.replaceAll(/\$\{[^}]+\}|\d+/g, '…'),
    );
    assert.ok(found.length > 2, file);
    for (const text of found)
      assert.ok(
        known.some((one) => one.endsWith(text)),
        text,
      );
  }
});

test.run();
