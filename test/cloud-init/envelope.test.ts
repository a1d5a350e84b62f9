// Packed user-data -> the line inside, or why it can't be had; packed by other programs' rules.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { unpackUserData } from '../../cloud-init/envelope.ts';
import { gunzip } from '../../cloud-init/gzip.ts';
import { decodeUtf8 } from '../../cloud-init/text.ts';
import { checkUserData } from '../../cloud-init/validate.ts';
import { settings } from '../fakes/node.ts';

const line = 'name=worker-0|pod-cidr=172.20.0.0/24';
const binary = (bytes: Buffer): string => decodeUtf8(bytes.toString('latin1'));
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
const wrapped = (text: string): string => base64(text).replaceAll(/.{20}/g, '$&\n');

const mime = (parts: readonly string[], boundary = '==B=='): string =>
  [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    'MIME-Version: 1.0',
    '',
    ...parts.map((part) => `--${boundary}\n${part}`),
    `--${boundary}--`,
    '',
  ].join('\n');
const script = 'Content-Type: text/x-shellscript; charset="us-ascii"\n\n#!/bin/sh\necho name=x';
const config = 'Content-Type: text/cloud-config\n\npackages: [htop]';
const ours = `Content-Type: text/x-groundup\n\n${line}`;

/** Cuts off the last boundary. */
const openEnded = (text: string): string => text.replace(/--==B==--\n$/, '');
const plain = `Content-Type: text/plain\n\n${line}`;
const plainBase64 = `Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n${base64(line)}`;

/** The line with blanks behind it, that many bytes in all. */
const ofLength = (length: number): string => line.padEnd(length);

const forms: Record<string, string> = {
  plain: line,
  base64: base64(line),
  'base64 in lines': wrapped(line),
  'base64 without its =': base64(`${line}\n`).replace(/=+$/, ''),
  gzip: binary(gzipSync(line)),
  'base64 of gzip': base64(gzipSync(line)),
  'gzip of base64': binary(gzipSync(base64(line))),
  'MIME, ours among others': mime([script, ours, config]),
  'MIME of one part': ours,
  'MIME with CRLF': mime([script, ours]).replaceAll('\n', '\r\n'),
  'MIME with a plain part': mime([script, `Content-Type: text/plain\n\n${line}`]),
  'MIME with a base64 part': mime([
    `Content-Type: text/x-groundup\nContent-Transfer-Encoding: base64\n\n${wrapped(line)}`,
  ]),
  'MIME with a quoted-printable part': mime([
    `Content-Type: text/x-groundup\nContent-Transfer-Encoding: quoted-printable\n\n${line.replaceAll('=', '=3D')}`,
  ]),
  'MIME with folded headers': mime([ours]).replace('; boundary', ';\n boundary'),
  'MIME behind a mark of the byte order and empty lines': `\uFEFF\n \n${mime([script, ours])}`,
  'MIME with other headers first': `From nobody Mon Nov 30 02:00:00 2026\nSubject: a\n b\n${mime([ours])}`,
  'MIME in MIME': mime([mime([script, ours], 'inner'), config]),
  'gzip of MIME': binary(gzipSync(mime([script, ours]))),
  'gzip of MIME with long parts of others': binary(
    gzipSync(mime([`${script}${' and so on\n'.repeat(3000)}`, ours])),
  ),
  'base64 of a file with a mark of the byte order': base64(`\uFEFF${line}`),
  'MIME with a base64 part that has a mark of the byte order': mime([
    `Content-Type: text/x-groundup\nContent-Transfer-Encoding: base64\n\n${base64(`\uFEFF${line}`)}`,
  ]),
};

for (const [form, packed] of Object.entries(forms))
  test(`unpacked: ${form}`, () => {
    const check = checkUserData(packed, settings);
    assert.is(check.kind, 'node', JSON.stringify(check));
    if (check.kind !== 'node') return;
    assert.equal([check.request.name, check.request.podCidr], ['worker-0', '172.20.0.0/24']);
  });

/** Blanks count, and there is room for as many as that. */
const full: Record<string, string> = {
  plain: ofLength(16384),
  gzip: binary(gzipSync(ofLength(16384))),
  'base64 in gzip': binary(gzipSync(base64(ofLength(16384)))),
  'gzip of MIME': binary(gzipSync(mime([`Content-Type: text/x-groundup\n\n${ofLength(16384)}`]))),
};

for (const [form, packed] of Object.entries(full))
  test(`as long as it may be: ${form}`, () => {
    const check = checkUserData(packed, settings);
    assert.is(check.kind, 'node', JSON.stringify(check));
  });

test('places in a part of MIME are places of the whole text', () => {
  const text = mime([script, ours.replace('.0/24', '.7/24')]);
  const check = checkUserData(text, settings);
  assert.is(check.kind, 'errors');
  if (check.kind !== 'errors') return;
  const [finding] = check.findings;
  assert.is(finding?.id, 'host-bits');
  const at = text.split('\n')[(finding?.line ?? 0) - 1]?.slice((finding?.column ?? 0) - 1);
  assert.is(at, '172.20.0.7/24');
});

const foreign: Record<string, [packed: string, form: string]> = {
  'MIME without a part of ours': [mime([script, config]), 'MIME'],
  'MIME with a plain part of other words': [mime(['Content-Type: text/plain\n\nhello']), 'MIME'],
  'broken MIME of others': [openEnded(mime([script])), 'MIME'],
  'broken MIME of others with a plain part': [
    openEnded(mime([script, 'Content-Type: text/plain\n\nhello=1'])),
    'MIME',
  ],
  'gzip of cloud-config': [binary(gzipSync('#cloud-config\n')), 'cloud-config'],
  'base64 of a script': [base64('#!/bin/sh\necho hello\n'), 'a script'],
};

for (const [name, [packed, form]] of Object.entries(foreign))
  test(`not ours: ${name}`, () => {
    assert.equal(unpackUserData(packed), { foreign: form });
  });

/** A bomb: 15 KiB that would unpack to 16 MiB. */
const bomb = gzipSync(Buffer.alloc(15 * 1024 * 1024));

const refused: Record<string, [packed: string, id: string, message: string]> = {
  'a gzip bomb': [
    binary(bomb),
    'unpacked-too-long',
    'user-data has at most 16384 bytes, also when unpacked; this gzip holds more',
  ],
  'a gzip bomb in base64': [
    base64(gzipSync(Buffer.alloc(4 * 1024 * 1024))),
    'unpacked-too-long',
    'user-data has at most 16384 bytes, also when unpacked; this gzip holds more',
  ],
  'gzip cut short': [
    binary(gzipSync(line).subarray(0, -9)),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this gzip is cut short or damaged',
  ],
  'gzip with a wrong checksum': [
    binary(
      Buffer.concat([
        gzipSync(line).subarray(0, -8),
        Buffer.from([1, 2, 3, 4]),
        gzipSync(line).subarray(-4),
      ]),
    ),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this gzip is cut short or damaged',
  ],
  'base64 cut short': [
    base64(`${line}|cluster=b`).slice(0, 33),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this base64 is cut short',
  ],
  'our MIME without its last boundary': [
    openEnded(mime([ours])),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME ends before its last boundary, --==B==--',
  ],
  'MIME with our fields in a plain part, without its last boundary': [
    openEnded(mime([script, plain])),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME ends before its last boundary, --==B==--',
  ],
  'the same before a part of others': [
    openEnded(mime([plain, script])),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME ends before its last boundary, --==B==--',
  ],
  'the same in base64': [
    openEnded(mime([plainBase64])),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME ends before its last boundary, --==B==--',
  ],
  'the same, cut off within the base64': [
    openEnded(mime([plainBase64])).slice(0, -7),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME ends before its last boundary, --==B==--',
  ],
  'the same, MIME in MIME': [
    mime([openEnded(mime([plain])).replaceAll('==B==', 'inner')]),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME ends before its last boundary, --inner--',
  ],
  'MIME with our fields in a plain part, without a boundary': [
    mime([script, plain]).replace(/; boundary=.*/, ''),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME names no boundary',
  ],
  'MIME with our fields in a plain part in broken base64': [
    mime([plainBase64.slice(0, -1)]),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME has a part of type text/plain in broken base64',
  ],
  'a line with too many blanks behind it': [
    ofLength(16385),
    'too-long',
    'user-data has at most 16384 bytes, as EC2 takes them; this has 16385',
  ],
  'a line with too many empty lines behind it': [
    `${line}${'\r\n'.repeat(8200)}`,
    'too-long',
    'user-data has at most 16384 bytes, as EC2 takes them; this has 16436',
  ],
  'a line with too many blanks before it': [
    `\uFEFF${' '.repeat(16384 - line.length)}${line}`,
    'too-long',
    'user-data has at most 16384 bytes, as EC2 takes them; this has 16387',
  ],
  'gzip of a line with too many blanks behind it': [
    binary(gzipSync(ofLength(16385))),
    'unpacked-too-long',
    'user-data has at most 16384 bytes, also when unpacked; this gzip holds more',
  ],
  'gzip of as much as there may be and a mark of the byte order': [
    binary(gzipSync(`\uFEFF${ofLength(16384)}`)),
    'unpacked-too-long',
    'user-data has at most 16384 bytes, also when unpacked; this gzip holds more',
  ],
  'base64 in gzip of a line with too many blanks behind it': [
    binary(gzipSync(base64(ofLength(16385)))),
    'unpacked-too-long',
    'user-data has at most 16384 bytes, also when unpacked; this base64 holds more',
  ],
  'gzip of MIME with CRLF and too long a part of ours': [
    binary(gzipSync(mime([`${ours}${'\n'.repeat(8200)}`]).replaceAll('\n', '\r\n'))),
    'unpacked-too-long',
    'user-data has at most 16384 bytes, also when unpacked; this MIME holds more',
  ],
  'our MIME without a boundary': [
    mime([ours]).replace(/; boundary=.*/, ''),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME names no boundary',
  ],
  'our part in broken base64': [
    mime([`Content-Type: text/x-groundup\nContent-Transfer-Encoding: base64\n\n???`]),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME has a part of type text/x-groundup in broken base64',
  ],
  'two parts of ours': [
    mime([ours, ours]),
    'several-parts',
    'one part of MIME is for groundup; there are 2',
  ],
  'gzip that a tool took for text': [
    gzipSync(line).toString('utf8'),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this gzip was stored as text, which damages it',
  ],
  'gzip that a tool left holes in': [
    gzipSync(line)
      .toString('latin1')
      .replaceAll(/[\u0080-\u00FF]/g, ''),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this gzip was stored as text, which damages it',
  ],
  'a part of ours that is empty': [
    mime([script, 'Content-Type: text/x-groundup\n\n\n']),
    'part-without-fields',
    'a part of type text/x-groundup has fields; this one is empty',
  ],
  'a part of ours that is a script': [
    mime([config, 'Content-Type: text/x-groundup\n\n#!/bin/sh\n']),
    'part-without-fields',
    'a part of type text/x-groundup has fields; this one is a script',
  ],
  'a page of a web server in base64': [
    base64('<html><head><title>401 - Unauthorized</title></head></html>'),
    'error-page',
    'user-data is key=value fields; this is a page of a web server (401 - Unauthorized)',
  ],
  'MIME in MIME, five deep': [
    ['e', 'd', 'c', 'b', 'a'].reduce((inner, boundary) => mime([inner], boundary), ours),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME has parts in parts more than 4 deep',
  ],
  'MIME with ours and a hundred others': [
    mime([ours, ...Array.from({ length: 100 }, () => script)]),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this MIME has more than 100 parts',
  ],
  'gzip six times over': [
    binary(Array.from({ length: 6 }).reduce<Buffer>((bytes) => gzipSync(bytes), Buffer.from(line))),
    'not-unpacked',
    'base64, gzip and MIME must be whole; this text is packed more than 4 times',
  ],
};

for (const [name, [packed, id, message]] of Object.entries(refused))
  test(`refused: ${name}`, () => {
    const check = checkUserData(packed, settings);
    assert.is(check.kind, 'errors', JSON.stringify(check));
    if (check.kind !== 'errors') return;
    assert.equal(
      check.findings.map((finding) => [finding.id, finding.message]),
      [[id, message]],
    );
  });

const meant: Record<string, [packed: string, id: string, place: string]> = {
  'what a template left as it was, in base64': [
    base64('{{ user_data }}'),
    'unexpanded-variable',
    '1:1',
  ],
  'the same of another template': [base64('${user_data}\n'), 'unexpanded-variable', '1:1'],
  'the same in gzip': [binary(gzipSync('{{ user_data }}')), 'unexpanded-variable', '1:1'],
  'the same in a part of ours': [
    mime(['Content-Type: text/x-groundup\n\n{{ user_data }}']),
    'unexpanded-variable',
    '7:1',
  ],
  'a plain part whose only key has a letter that looks right and is not': [
    mime(['Content-Type: text/plain\n\n\u00A0name=worker-0']),
    'look-alike',
    '7:1',
  ],
};

for (const [name, [packed, id, place]] of Object.entries(meant))
  test(`meant for us: ${name}`, () => {
    const check = checkUserData(packed, settings);
    assert.is(check.kind, 'errors', JSON.stringify(check));
    if (check.kind !== 'errors') return;
    const [first] = check.findings;
    assert.equal([first?.id, `${first?.line}:${first?.column}`], [id, place]);
  });

test('gzip: what is packed comes back, whatever it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      const packed = gzipSync(bytes).toString('latin1');
      assert.equal(gunzip(packed, 3000), { binary: Buffer.from(bytes).toString('latin1') });
    }),
    { numRuns: 200 },
  );
});

test('gzip: damage is seen, unless nothing comes of it', () => {
  const text = line.repeat(20);
  const whole = gzipSync(text);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
      // Header bytes of time, level and system say nothing about the content.
      fc.pre(index < 3 || index > 9);
      const damaged = Buffer.from(whole);
      damaged[index] = (damaged[index] ?? 0) ^ change;
      // The last bits before the trailer fill up a byte.
      const found = gunzip(damaged.toString('latin1'), 100_000);
      if ('binary' in found) assert.is(found.binary, text);
    }),
    { numRuns: 300 },
  );
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', '\u001F\u008B\b\0', 'Content-Type: multipart/mixed; boundary=b\n\n--b\n'),
      fc.string({ unit: 'binary', maxLength: 200 }),
      (begin, rest) => {
        checkUserData(begin + rest, settings);
      },
    ),
    { numRuns: 2000 },
  );
});

test.run();
