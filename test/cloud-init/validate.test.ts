// User-data as text -> the whole report, word for word, for each kind of mistake.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { messages } from '../../cloud-init/messages.ts';
import { formatFindings } from '../../cloud-init/report.ts';
import { checkUserData, checkVpc } from '../../cloud-init/validate.ts';
import { settings } from '../fakes/node.ts';

const sound: [string, string][] = [
  ['the seed', 'name=worker-0|pod-cidr=172.20.0.0/24'],
  ['new lines and CRLF', 'name=worker-0\r\npod-cidr=172.20.0.0/24\r\n'],
  ['blanks and empty fields', '\n  name = worker-0 || pod-cidr=\t172.20.0.0/24 |\n'],
  ['a byte order mark', '\uFEFFname=worker-0|pod-cidr=172.20.0.0/24'],
];

for (const [name, text] of sound) {
  test(`accepted: ${name}`, () => {
    const check = checkUserData(text, settings);
    assert.is(check.kind, 'node');
    if (check.kind !== 'node') return;
    assert.equal(check.request, { name: 'worker-0', podCidr: '172.20.0.0/24', settings });
  });
}

test('keys that are settings override what was baked', () => {
  const text = [
    'name=blue-7|pod-cidr=10.200.7.0/26|cluster=prod|service-cidr=10.96.0.0/16',
    'dns-address=10.96.0.53|cluster-domain=prod.example|secret-prefix=teams/blue',
    'kube-proxy-mode=iptables',
  ].join('\n');
  const check = checkUserData(text, settings);
  assert.is(check.kind, 'node');
  if (check.kind !== 'node') return;
  assert.equal(check.request, {
    name: 'blue-7',
    podCidr: '10.200.7.0/26',
    settings: {
      cluster: 'prod',
      'service-cidr': '10.96.0.0/16',
      'dns-address': '10.96.0.53',
      'cluster-domain': 'prod.example',
      'secret-prefix': 'teams/blue',
      'kube-proxy-mode': 'iptables',
    },
  });
});

const foreign: [string, string][] = [
  ['#cloud-config\n', 'cloud-config'],
  ['\n#!/bin/bash\nname=worker-0', 'a script'],
  ['Content-Type: multipart/mixed; boundary="x"\n', 'MIME'],
  ['mime-version: 1.0\n', 'MIME'],
  ['#cloud-boothook\n', 'a cloud-init part'],
  ['## template: jinja\n#cloud-config\n', 'a cloud-init part'],
  ['\u001F\u008B\b', 'gzip'],
  ['<powershell>', 'a Windows script'],
  ['{"ignition": {}}', 'JSON'],
  ['[settings.kubernetes]\n', 'TOML'],
];

for (const [text, form] of foreign)
  test(`not ours: ${JSON.stringify(text)}`, () => {
    assert.equal(checkUserData(text, settings), { kind: 'foreign', form });
  });

for (const text of ['', ' \r\n\t'])
  test(`none: ${JSON.stringify(text)}`, () => {
    assert.equal(checkUserData(text, settings), { kind: 'none' });
  });

interface Wrong {
  ids: (keyof typeof messages)[];
  text: string;
  report: string;
}

const good = 'name=worker-0|pod-cidr=172.20.0.0/24';

const wrong: Wrong[] = [
  {
    ids: ['host-bits'],
    text: 'name=worker-0|pod-cidr=172.20.0.7/24',
    report: `u:1:24: error[host-bits] pod-cidr: 172.20.0.7/24 has host bits set
  name=worker-0|pod-cidr=172.20.0.7/24
                         ~~~~~~~~~~~~~
  hint: the network of that address is 172.20.0.0/24`,
  },
  {
    ids: ['unknown-key'],
    text: `${good}|pod_cdir=1`,
    report: `u:1:38: error[unknown-key] pod_cdir: not a key groundup knows
  ${good}|pod_cdir=1
                                       ~~~~~~~~
  hint: did you mean pod-cidr? known keys: cluster, cluster-domain, dns-address, kube-proxy-mode, name, pod-cidr, secret-prefix, service-cidr`,
  },
  {
    ids: ['duplicate-key'],
    text: 'name=worker-0\nname=worker-1\npod-cidr=172.20.0.0/24',
    report: `u:2:1: error[duplicate-key] name: given twice; the first is at 1:1
  name=worker-1
  ~~~~
  hint: remove one of them`,
  },
  {
    ids: ['missing-key', 'missing-key'],
    text: 'cluster=prod\n',
    report: `u:1:13: error[missing-key] name: missing
  cluster=prod
              ~
  hint: example: name=worker-0
u:1:13: error[missing-key] pod-cidr: missing
  cluster=prod
              ~
  hint: example: pod-cidr=172.20.0.0/24`,
  },
  {
    ids: ['empty-value'],
    text: 'name=|pod-cidr=172.20.0.0/24',
    report: `u:1:1: error[empty-value] name: has no value
  name=|pod-cidr=172.20.0.0/24
  ~~~~
  hint: example: name=worker-0`,
  },
  {
    ids: ['quoted-value'],
    text: 'name="worker-0"|pod-cidr=172.20.0.0/24',
    report: `u:1:6: error[quoted-value] name: "worker-0" is in quotes
  name="worker-0"|pod-cidr=172.20.0.0/24
       ~~~~~~~~~~
  hint: values are taken as they stand: name=worker-0`,
  },
  {
    ids: ['not-a-field'],
    text: `${good}\n# a comment`,
    report: `u:2:1: error[not-a-field] "# a comment" has no =
  # a comment
  ~~~~~~~~~~~
  hint: user-data is key=value fields, separated by | or new lines`,
  },
  {
    ids: ['bad-value', 'bad-value'],
    text: 'name=worker_0|pod-cidr=172.20.0.0',
    report: `u:1:6: error[bad-value] name: worker_0 is not a lower-case DNS label of at most 40 characters
  name=worker_0|pod-cidr=172.20.0.0
       ~~~~~~~~
  hint: example: name=worker-0
u:1:24: error[bad-value] pod-cidr: 172.20.0.0 is not an IPv4 range
  name=worker_0|pod-cidr=172.20.0.0
                         ~~~~~~~~~~
  hint: example: pod-cidr=172.20.0.0/24`,
  },
  {
    ids: ['bad-value'],
    text: `${good}|kube-proxy-mode=ipvs`,
    report: `u:1:54: error[bad-value] kube-proxy-mode: ipvs is not nftables or iptables
  ${good}|kube-proxy-mode=ipvs
                                                       ~~~~
  hint: example: kube-proxy-mode=nftables`,
  },
  {
    ids: ['range-size'],
    text: 'name=worker-0|pod-cidr=172.20.0.0/30',
    report: `u:1:24: error[range-size] pod-cidr: /30 is not between /16 and /28
  name=worker-0|pod-cidr=172.20.0.0/30
                         ~~~~~~~~~~~~~
  hint: a node runs at most 110 pods: a /24 has room for all of them`,
  },
  {
    ids: ['reserved-range'],
    text: 'name=worker-0|pod-cidr=169.254.0.0/16',
    report: `u:1:24: error[reserved-range] pod-cidr: 169.254.0.0/16 overlaps 169.254.0.0/16, which is link-local: the metadata service lives there
  name=worker-0|pod-cidr=169.254.0.0/16
                         ~~~~~~~~~~~~~~
  hint: choose a private range, e.g. 172.20.0.0/24`,
  },
  {
    ids: ['pod-cidr-overlaps-service-cidr'],
    text: 'name=worker-0|pod-cidr=10.32.0.0/16',
    report: `u:1:24: error[pod-cidr-overlaps-service-cidr] pod-cidr: 10.32.0.0/16 overlaps service-cidr 10.32.0.0/24
  name=worker-0|pod-cidr=10.32.0.0/16
                         ~~~~~~~~~~~~
  hint: the two must be apart: an address is a pod or a Service`,
  },
  {
    ids: ['dns-address-outside'],
    text: `${good}|service-cidr=10.96.0.0/16`,
    report: `u:1:51: error[dns-address-outside] service-cidr: dns-address 10.32.0.10 lies outside service-cidr 10.96.0.0/16
  ${good}|service-cidr=10.96.0.0/16
                                                    ~~~~~~~~~~~~
  hint: the usual address in that range is 10.96.0.10`,
  },
  {
    ids: ['dns-address-reserved'],
    text: `${good}|dns-address=10.32.0.1`,
    report: `u:1:50: error[dns-address-reserved] dns-address: 10.32.0.1 is the address of the kubernetes Service of service-cidr 10.32.0.0/24
  ${good}|dns-address=10.32.0.1
                                                   ~~~~~~~~~
  hint: the usual address in that range is 10.32.0.10`,
  },
  {
    ids: ['too-long'],
    text: `${good}|cluster=${'x'.repeat(17_000)}`,
    report: `u:1:1: error[too-long] user-data is 17045 characters long, the most is 16384
  hint: a node needs its name and its pod-cidr only`,
  },
  {
    ids: ['bad-value', 'unknown-key', 'missing-key'],
    text: 'nam=worker-0|pod-cidr=172.20.0.0/33',
    report: `u:1:1: error[unknown-key] nam: not a key groundup knows
  nam=worker-0|pod-cidr=172.20.0.0/33
  ~~~
  hint: did you mean name? known keys: cluster, cluster-domain, dns-address, kube-proxy-mode, name, pod-cidr, secret-prefix, service-cidr
u:1:23: error[bad-value] pod-cidr: 172.20.0.0/33 is not an IPv4 range
  nam=worker-0|pod-cidr=172.20.0.0/33
                        ~~~~~~~~~~~~~
  hint: example: pod-cidr=172.20.0.0/24
u:1:36: error[missing-key] name: missing
  nam=worker-0|pod-cidr=172.20.0.0/33
                                     ~
  hint: example: name=worker-0`,
  },
];

for (const { ids, text, report } of wrong)
  test(`refused: ${ids.join(', ')}: ${JSON.stringify(text.slice(0, 60))}`, () => {
    const check = checkUserData(text, settings);
    assert.is(check.kind, 'errors');
    if (check.kind !== 'errors') return;
    assert.equal(check.findings.map(({ id }) => id).toSorted(), ids.toSorted());
    assert.is(formatFindings('u', text, check.findings), report);
  });

test('the VPC, which only the instance knows', () => {
  const text = 'name=worker-0|pod-cidr=172.31.4.0/24';
  const at = { text: '172.31.4.0/24', line: 1, column: 24 };
  assert.is(
    formatFindings('u', text, checkVpc(at, ['10.0.0.0/8', '172.31.0.0/16'])),
    `u:1:24: error[pod-cidr-overlaps-vpc] pod-cidr: 172.31.4.0/24 overlaps the VPC range 172.31.0.0/16
  ${text}
                         ~~~~~~~~~~~~~
  hint: choose a range outside every subnet of the VPC`,
  );
  assert.equal(checkVpc({ ...at, text: '172.20.0.0/24' }, ['172.31.0.0/16']), []);
});

test('every message of the catalogue is provoked above', () => {
  const provoked = new Set<string>([...wrong.flatMap(({ ids }) => ids), 'pod-cidr-overlaps-vpc']);
  assert.equal(
    Object.keys(messages).filter((id) => !provoked.has(id)),
    [],
  );
});

const strict: string[] = [
  '010.20.0.0/24',
  '172.20.0/24',
  '172.20.0.0/024',
  '172.20.0.0/+24',
  '172.20.0.256/24',
  '172.20.0.0/24/24',
  '::/64',
];
for (const range of strict)
  test(`no IPv4 range: ${range}`, () => {
    const check = checkUserData(`name=a|pod-cidr=${range}`, settings);
    assert.is(check.kind === 'errors' && check.findings[0]?.id, 'bad-value');
  });

test('no text makes the checker throw, and every place is inside the text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'name',
      'pod-cidr',
      '=',
      '|',
      '\n',
      '\r\n',
      '172.20.0.0/24',
      'cluster',
      '"',
      ' ',
    ),
    fc.string({ maxLength: 8 }),
  );
  const unfilled = /\{[a-zA-Z]+\}|undefined/;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
      const text = pieces.join('');
      const check = checkUserData(text, settings);
      if (check.kind !== 'errors') return;
      const lines = text.split(/\r?\n/);
      for (const { line, column, message, hint } of check.findings) {
        assert.ok(column >= 1 && column <= (lines[line - 1] ?? '').length + 1, text);
        // A hole in a message that was not filled; the text itself may look like one, and is quoted.
        if (!unfilled.test(text)) assert.not.match(`${message}${hint}`, unfilled);
      }
    }),
    { numRuns: 2000 },
  );
});

test.run();
