// User-data as text -> the whole report, word for word, for each kind of mistake.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { messages } from '../../cloud-init/messages.ts';
import { formatFindings } from '../../cloud-init/report.ts';
import { checkGroup, checkNetwork, checkPrefixes } from '../../cloud-init/ranges.ts';
import { checkUserData } from '../../cloud-init/validate.ts';
import { settings } from '../fakes/node.ts';

const request = { name: 'worker-0', podCidr: '172.20.0.0/24', labels: [], taints: [] };

const sound: [string, string][] = [
  ['the seed', 'name=worker-0|pod-cidr=172.20.0.0/24'],
  ['new lines and CRLF', 'name=worker-0\r\npod-cidr=172.20.0.0/24\r\n'],
  ['blanks and empty fields', '\n  name = worker-0 || pod-cidr=\t172.20.0.0/24 |\n'],
  ['a byte order mark', '\uFEFFname=worker-0|pod-cidr=172.20.0.0/24'],
  [
    'every blank there is',
    '\uFEFF\r\n\t name \t=\t worker-0 \r|\r pod-cidr = 172.20.0.0/24\t\r\n \n',
  ],
];

for (const [name, text] of sound) {
  test(`accepted: ${name}`, () => {
    const check = checkUserData(text, settings);
    assert.is(check.kind, 'node');
    if (check.kind !== 'node') return;
    assert.equal(check.request, { ...request, settings });
  });
}

test('keys that are settings override what was baked', () => {
  const text = [
    'name=blue-7|pod-cidr=10.200.7.0/26|cluster=prod|service-cidr=10.96.0.0/16',
    'dns-address=10.96.0.53|cluster-domain=prod.example|secret-prefix=teams/blue',
    'kube-proxy-mode=nftables|identity=tls-bootstrap',
  ].join('\n');
  const check = checkUserData(text, { ...settings, 'kube-proxy-mode': 'iptables' });
  assert.is(check.kind, 'node');
  if (check.kind !== 'node') return;
  assert.equal(check.request, {
    name: 'blue-7',
    podCidr: '10.200.7.0/26',
    labels: [],
    taints: [],
    settings: {
      cluster: 'prod',
      'service-cidr': '10.96.0.0/16',
      'dns-address': '10.96.0.53',
      'cluster-domain': 'prod.example',
      'secret-prefix': 'teams/blue',
      'kube-proxy-mode': 'nftables',
      identity: 'tls-bootstrap',
      'node-name': 'instance-id',
    },
  });
});

test('labels, taints and the number of pods', () => {
  const text =
    'name=worker-0|pod-cidr=172.20.0.0/24|labels=a=1,b=|taints=c=2:NoExecute|max-pods=20';
  const check = checkUserData(text, settings);
  assert.is(check.kind, 'node');
  if (check.kind !== 'node') return;
  assert.equal(check.request, {
    ...request,
    labels: [
      ['a', '1'],
      ['b', ''],
    ],
    taints: [{ key: 'c', value: '2', effect: 'NoExecute' }],
    maxPods: 20,
    settings,
  });
});

const foreign: [string, string][] = [
  ['#cloud-config\n', 'cloud-config'],
  ['\n#!/bin/bash\nname=worker-0', 'a script'],
  ['Content-Type: multipart/mixed; boundary="x"\n', 'MIME'],
  ['mime-version: 1.0\n', 'MIME'],
  ['#cloud-boothook\n', 'a cloud-init part'],
  ['## template: jinja\n#cloud-config\n', 'a cloud-init part'],
  ['<powershell>', 'a Windows script'],
  ['{"ignition": {}}', 'JSON'],
  ['{ }', 'JSON'],
  ['{', 'JSON'],
  ['\u00A0\u000B#cloud-config\n', 'cloud-config'],
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

// Every blank of Unicode that is none of ours, the ends of lines among them.
for (const blank of '\u000B\u000C\u0085\u00A0\u1680\u2000\u2007\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF')
  for (const text of [
    `name=worker-0${blank}|pod-cidr=172.20.0.0/24`,
    `name=${blank}worker-0|pod-cidr=172.20.0.0/24`,
    `name${blank}=worker-0|pod-cidr=172.20.0.0/24`,
    `name=worker-0|${blank}pod-cidr=172.20.0.0/24`,
    `name=worker-0|${blank}|pod-cidr=172.20.0.0/24`,
    `name=worker-0|pod-cidr=172.20.0.0/24\n${blank}\n`,
  ])
    test(`not trimmed: ${JSON.stringify(text)} with ${blank.charCodeAt(0).toString(16)}`, () => {
      const check = checkUserData(text, settings);
      assert.equal(check.kind === 'errors' && check.findings.map(({ id }) => id), ['look-alike']);
    });

test('blanks of another kind are no empty user-data', () => {
  const check = checkUserData('\u00A0\n', settings);
  assert.equal(check.kind === 'errors' && check.findings.map(({ id }) => id), [
    'look-alike',
    'missing-key',
    'missing-key',
  ]);
});

interface Wrong {
  /** Of errors and warnings. */
  ids: (keyof typeof messages)[];
  text: string;
  report: string;
}

const good = 'name=worker-0|pod-cidr=172.20.0.0/24';

const wrong: Wrong[] = [
  // What the baked service-cidr says of dns-address and pod-cidr, nobody asked.
  {
    ids: ['reserved-range'],
    text: `name=worker-0|pod-cidr=10.32.0.0/24|service-cidr=169.254.0.0/24|dns-address=10.96.0.10`,
    report: `error[reserved-range] u:1:50 service-cidr: must be a range for hosts; 169.254.0.0/24 overlaps 169.254.0.0/16, which is link-local: the metadata service lives there
  name=worker-0|pod-cidr=10.32.0.0/24|service-cidr=169.254.0.0/24|dns-address=10.96.0.10
                                                   ~~~~~~~~~~~~~~
  hint: choose a private range, e.g. 10.32.0.0/24`,
  },
  {
    ids: ['bad-value'],
    text: `${good}|service-cidr=10.96.0.0/16|dns-address=10.96.0`,
    report: `error[bad-value] u:1:76 dns-address: must be an IPv4 address; 10.96.0 is not
  ${good}|service-cidr=10.96.0.0/16|dns-address=10.96.0
                                                                             ~~~~~~~
  hint: example: dns-address=10.32.0.10`,
  },
  {
    ids: ['part-without-fields'],
    text: 'Content-Type: text/x-groundup\n\n#cloud-config\n',
    report: `error[part-without-fields] u:1:1 a part of type text/x-groundup has fields; this one is cloud-config
  hint: write the fields into it, or give it the type of what it is`,
  },
  {
    ids: ['error-page'],
    text: 'name=worker-0\npod-cidr= <html><title>401 - Unauthorized</title></html>',
    report: `error[error-page] u:2:11 user-data is key=value fields; this is a page of a web server (401 - Unauthorized)
  pod-cidr= <html><title>401 - Unauthorized</title></html>
            ~
  hint: something stored the answer to a failed request as user-data; look at what launches the instance`,
  },
  {
    ids: ['unexpanded-variable', 'unexpanded-variable'],
    text: `${good}\n\${user_data}|$KEY=1`,
    report: `error[unexpanded-variable] u:2:1 user-data has no variables; nothing has replaced \${user_data}
  \${user_data}|$KEY=1
  ~~~~~~~~~~~~
  hint: look at the template that makes this user-data; example: name=worker-0
error[unexpanded-variable] u:2:14 user-data has no variables; nothing has replaced $KEY
  \${user_data}|$KEY=1
               ~~~~
  hint: look at the template that makes this user-data; example: name=worker-0`,
  },
  {
    ids: ['unexpanded-variable'],
    text: `\n {{ user_data }}\n${good}`,
    report: `error[unexpanded-variable] u:2:2 user-data has no variables; nothing has replaced {{ user_data }}
   {{ user_data }}
   ~~~~~~~~~~~~~~~
  hint: look at the template that makes this user-data; example: name=worker-0`,
  },
  {
    ids: ['unexpanded-variable'],
    text: '{{ user_data | default("name=a") }}|name=a|pod-cidr=172.20.0.0/24',
    report: `error[unexpanded-variable] u:1:1 user-data has no variables; nothing has replaced {{ user_data | default("name=a") }}
  {{ user_data | default("name=a") }}|name=a|pod-cidr=172.20.0.0/24
  ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
  hint: look at the template that makes this user-data; example: name=worker-0`,
  },
  {
    ids: ['unexpanded-variable', 'missing-key'],
    text: '{{name}}=a|pod-cidr=172.20.0.0/24',
    report: `error[unexpanded-variable] u:1:1 user-data has no variables; nothing has replaced {{name}}
  {{name}}=a|pod-cidr=172.20.0.0/24
  ~~~~~~~~
  hint: look at the template that makes this user-data; example: name=worker-0
error[missing-key] u:1:34 name: every node needs one; there is none
  {{name}}=a|pod-cidr=172.20.0.0/24
                                   ~
  hint: example: name=worker-0`,
  },
  {
    ids: ['look-alike', 'look-alike'],
    text: 'name=w\u00A0|\u000Bpod-cidr=172.20.0.0/24',
    report: `error[look-alike] u:1:7 name: keys and values are plain ASCII; "\u00A0" is U+00A0, a blank
  name=w\u00A0|·pod-cidr=172.20.0.0/24
        ~
  hint: type it anew: w
error[look-alike] u:1:9 keys and values are plain ASCII; "\\u{b}" is U+000B, a blank
  name=w\u00A0|·pod-cidr=172.20.0.0/24
          ~
  hint: type it anew: pod-cidr`,
  },
  {
    ids: ['look-alike', 'look-alike'],
    text: '\uFEFF\uFEFFname=w|pod-cidr=\uFEFF172.20.0.0/24',
    report: `error[look-alike] u:1:1 keys and values are plain ASCII; "\\u{feff}" is U+FEFF, which nobody sees
  ·name=w|pod-cidr=·172.20.0.0/24
  ~
  hint: type it anew: name
error[look-alike] u:1:18 pod-cidr: keys and values are plain ASCII; "\\u{feff}" is U+FEFF, which nobody sees
  ·name=w|pod-cidr=·172.20.0.0/24
                   ~
  hint: type it anew: 172.20.0.0/24`,
  },
  {
    ids: ['look-alike'],
    text: `${good}|\u2003`,
    report: `error[look-alike] u:1:38 keys and values are plain ASCII; "\u2003" is U+2003, a blank
  ${good}|\u2003
                                       ~
  hint: type it anew: a plain blank, or nothing`,
  },
  {
    ids: ['host-bits'],
    text: '\uFEFFname=worker-0|pod-cidr=172.20.0.7/24',
    report: `error[host-bits] u:1:24 pod-cidr: a range has no host bits; 172.20.0.7/24 has host bits set
  name=worker-0|pod-cidr=172.20.0.7/24
                         ~~~~~~~~~~~~~
  hint: the network of that address is 172.20.0.0/24`,
  },
  {
    ids: ['reserved-name'],
    text: 'name=shared|pod-cidr=172.20.0.0/24',
    report: `error[reserved-name] u:1:6 name: shared and bootstrap are secrets of all nodes; shared would be the secret of this one
  name=shared|pod-cidr=172.20.0.0/24
       ~~~~~~
  hint: give this node another name`,
  },
  {
    ids: ['bad-value'],
    text: 'pod-cidr=172.20.0.0/24|identity=tls',
    report: `error[bad-value] u:1:33 identity: must be files or tls-bootstrap; tls is not
  pod-cidr=172.20.0.0/24|identity=tls
                                  ~~~
  hint: example: identity=tls-bootstrap`,
  },
  {
    ids: ['host-bits'],
    text: 'name=worker-0|pod-cidr=172.20.0.7/24',
    report: `error[host-bits] u:1:24 pod-cidr: a range has no host bits; 172.20.0.7/24 has host bits set
  name=worker-0|pod-cidr=172.20.0.7/24
                         ~~~~~~~~~~~~~
  hint: the network of that address is 172.20.0.0/24`,
  },
  {
    ids: ['unknown-key'],
    text: `${good}|pod_cdir=1`,
    report: `error[unknown-key] u:1:38 pod_cdir: a key must be one that groundup knows; pod_cdir is none
  ${good}|pod_cdir=1
                                       ~~~~~~~~
  hint: did you mean pod-cidr? known keys: cluster, cluster-domain, dns-address, group-size, identity, kube-proxy-mode, labels, lifecycle-hook, max-pods, name, node-name, pod-cidr, secret-prefix, service-cidr, taints`,
  },
  {
    ids: ['duplicate-key'],
    text: 'name=worker-0\nname=worker-1\npod-cidr=172.20.0.0/24',
    report: `error[duplicate-key] u:2:1 name: a key is given once; the first one is at 1:1
  name=worker-1
  ~~~~
  hint: remove one of them`,
  },
  {
    ids: ['missing-key', 'missing-key'],
    text: 'cluster=prod\n',
    report: `error[missing-key] u:1:13 name: every node needs one; there is none
  cluster=prod
              ~
  hint: example: name=worker-0
error[missing-key] u:1:13 pod-cidr: every node needs one; there is none
  cluster=prod
              ~
  hint: example: pod-cidr=172.20.0.0/24`,
  },
  {
    ids: ['empty-value'],
    text: 'name=|pod-cidr=172.20.0.0/24',
    report: `error[empty-value] u:1:1 name: a key has a value; nothing stands behind the =
  name=|pod-cidr=172.20.0.0/24
  ~~~~
  hint: example: name=worker-0`,
  },
  {
    ids: ['quoted-value'],
    text: 'name="worker-0"|pod-cidr=172.20.0.0/24',
    report: `error[quoted-value] u:1:6 name: a value stands as it is; "worker-0" is in quotes
  name="worker-0"|pod-cidr=172.20.0.0/24
       ~~~~~~~~~~
  hint: without them: name=worker-0`,
  },
  {
    ids: ['not-a-field'],
    text: `${good}\n# a comment`,
    report: `error[not-a-field] u:2:1 a field is key=value; "# a comment" has no =
  # a comment
  ~~~~~~~~~~~
  hint: fields are separated by | or new lines`,
  },
  {
    ids: ['bad-value', 'bad-value'],
    text: 'name=worker_0|pod-cidr=172.20.0.0',
    report: `error[bad-value] u:1:6 name: must be a lower-case DNS label of at most 40 characters; worker_0 is not
  name=worker_0|pod-cidr=172.20.0.0
       ~~~~~~~~
  hint: example: name=worker-0
error[bad-value] u:1:24 pod-cidr: must be an IPv4 range, imds-prefix, node or none; 172.20.0.0 is not
  name=worker_0|pod-cidr=172.20.0.0
                         ~~~~~~~~~~
  hint: example: pod-cidr=172.20.0.0/24`,
  },
  {
    ids: ['bad-value'],
    text: `${good}|kube-proxy-mode=ipvs`,
    report: `error[bad-value] u:1:54 kube-proxy-mode: must be nftables or iptables; ipvs is not
  ${good}|kube-proxy-mode=ipvs
                                                       ~~~~
  hint: example: kube-proxy-mode=nftables`,
  },
  {
    ids: ['not-in-image'],
    text: `${good}|kube-proxy-mode=iptables`,
    report: `error[not-in-image] u:1:54 kube-proxy-mode: an override cannot ask for what the image was not baked for; it was baked for kube-proxy-mode nftables
  ${good}|kube-proxy-mode=iptables
                                                       ~~~~~~~~
  hint: bake one with kube-proxy-mode: iptables, or leave the key out`,
  },
  {
    ids: ['range-size'],
    text: 'name=worker-0|pod-cidr=172.20.0.0/30',
    report: `error[range-size] u:1:24 pod-cidr: must be between /16 and /28; this is a /30
  name=worker-0|pod-cidr=172.20.0.0/30
                         ~~~~~~~~~~~~~
  hint: a node runs at most 110 pods: a /24 has room for all of them`,
  },
  {
    ids: ['reserved-range'],
    text: 'name=worker-0|pod-cidr=169.254.0.0/16',
    report: `error[reserved-range] u:1:24 pod-cidr: must be a range for hosts; 169.254.0.0/16 overlaps 169.254.0.0/16, which is link-local: the metadata service lives there
  name=worker-0|pod-cidr=169.254.0.0/16
                         ~~~~~~~~~~~~~~
  hint: choose a private range, e.g. 172.20.0.0/24`,
  },
  {
    ids: ['pod-cidr-overlaps-service-cidr'],
    text: 'name=worker-0|pod-cidr=10.32.0.0/16',
    report: `error[pod-cidr-overlaps-service-cidr] u:1:24 pod-cidr: an address is a pod or a Service; 10.32.0.0/16 overlaps service-cidr 10.32.0.0/24
  name=worker-0|pod-cidr=10.32.0.0/16
                         ~~~~~~~~~~~~
  hint: choose a range outside both service-cidr and the VPC`,
  },
  {
    ids: ['dns-address-outside'],
    text: `${good}|service-cidr=10.96.0.0/16`,
    report: `error[dns-address-outside] u:1:51 service-cidr: the DNS address is one of service-cidr; 10.32.0.10 lies outside 10.96.0.0/16
  ${good}|service-cidr=10.96.0.0/16
                                                    ~~~~~~~~~~~~
  hint: the usual address in that range is 10.96.0.10`,
  },
  {
    ids: ['dns-address-reserved'],
    text: `${good}|dns-address=10.32.0.1`,
    report: `error[dns-address-reserved] u:1:50 dns-address: the DNS address is one for a Service; 10.32.0.1 is the address of the kubernetes Service of 10.32.0.0/24
  ${good}|dns-address=10.32.0.1
                                                   ~~~~~~~~~
  hint: the usual address in that range is 10.32.0.10`,
  },
  {
    ids: ['look-alike', 'look-alike'],
    text: 'nаme=worker-0|pod-cidr=172.20.0.0–24',
    report: `error[look-alike] u:1:2 keys and values are plain ASCII; "а" is U+0430, not a
  nаme=worker-0|pod-cidr=172.20.0.0–24
   ~
  hint: type it anew: name
error[look-alike] u:1:34 pod-cidr: keys and values are plain ASCII; "–" is U+2013, not -
  nаme=worker-0|pod-cidr=172.20.0.0–24
                                   ~
  hint: type it anew: 172.20.0.0-24`,
  },
  {
    ids: ['look-alike'],
    text: `${good}|cluster=pr\u200Bod`,
    report: `error[look-alike] u:1:48 cluster: keys and values are plain ASCII; "\\u{200b}" is U+200B, which nobody sees
  ${good}|cluster=pr·od
                                                 ~
  hint: type it anew: prod`,
  },
  {
    ids: ['look-alike'],
    text: `${good}|cluster=pr\u0007od`,
    report: `error[look-alike] u:1:48 cluster: keys and values are plain ASCII; "\\u{7}" is U+0007
  ${good}|cluster=pr·od
                                                 ~
  hint: type it anew: prod`,
  },
  {
    ids: ['unexpanded-variable', 'unexpanded-variable'],
    text: 'name=worker-${count.index}|pod-cidr=$POD_CIDR',
    report: `error[unexpanded-variable] u:1:6 name: user-data has no variables; nothing has replaced \${count.index}
  name=worker-\${count.index}|pod-cidr=$POD_CIDR
       ~~~~~~~~~~~~~~~~~~~~~
  hint: look at the template that makes this user-data; example: name=worker-0
error[unexpanded-variable] u:1:37 pod-cidr: user-data has no variables; nothing has replaced $POD_CIDR
  name=worker-\${count.index}|pod-cidr=$POD_CIDR
                                      ~~~~~~~~~
  hint: look at the template that makes this user-data; example: pod-cidr=172.20.0.0/24`,
  },
  {
    ids: ['error-page'],
    text: '<?xml version="1.0"?>\n<html><head><title>404 - Not Found</title></head></html>',
    report: `error[error-page] u:1:1 user-data is key=value fields; this is a page of a web server (404 - Not Found)
  <?xml version="1.0"?>
  ~
  hint: something stored the answer to a failed request as user-data; look at what launches the instance`,
  },
  {
    ids: ['bad-label', 'reserved-label', 'given-twice'],
    text: `${good}|labels=a=b c,k8s.io/x=1,d=1,d=2`,
    report: `error[bad-label] u:1:45 labels: a label is key=value as Kubernetes has them; "a=b c" has a value that is not letters, digits and -_. (at most 63)
  ${good}|labels=a=b c,k8s.io/x=1,d=1,d=2
                                              ~~~~~
  hint: example: pool=blue,disk=ssd
error[reserved-label] u:1:51 labels: a kubelet may not set labels of kubernetes.io and k8s.io, with few exceptions; k8s.io/x is reserved
  ${good}|labels=a=b c,k8s.io/x=1,d=1,d=2
                                                    ~~~~~~~~~~
  hint: choose a prefix of your own, or node.kubernetes.io/… (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction)
error[given-twice] u:1:66 labels: each is given once; d is there twice
  ${good}|labels=a=b c,k8s.io/x=1,d=1,d=2
                                                                   ~~~
  hint: remove one of them`,
  },
  {
    ids: ['bad-taint'],
    text: `${good}|taints=a=b:Never`,
    report: `error[bad-taint] u:1:45 taints: a taint is key=value:effect or key:effect; "a=b:Never" has another effect
  ${good}|taints=a=b:Never
                                              ~~~~~~~~~
  hint: effects: NoSchedule, PreferNoSchedule, NoExecute; example: dedicated=gpu:NoSchedule`,
  },
  {
    ids: ['too-many-pods'],
    text: 'name=worker-0|pod-cidr=172.20.0.0/28|max-pods=14',
    report: `error[too-many-pods] u:1:47 max-pods: max-pods must fit into pod-cidr; 172.20.0.0/28 has room for 13 pods, not for 14
  name=worker-0|pod-cidr=172.20.0.0/28|max-pods=14
                                                ~~
  hint: at most max-pods=13, or a wider pod-cidr`,
  },
  {
    ids: ['bad-value'],
    text: `${good}|max-pods=0`,
    report: `error[bad-value] u:1:47 max-pods: must be a whole number from 1 to 500; 0 is not
  ${good}|max-pods=0
                                                ~
  hint: example: max-pods=58`,
  },
  {
    ids: ['not-unpacked'],
    text: 'bmFtZT13b3JrZXItMHxwb2QtY2lkcj0xN',
    report: `error[not-unpacked] u:1:1 base64, gzip and MIME must be whole; this base64 is cut short
  hint: pack it again, or write the line as it is: user-data is no secret`,
  },
  {
    ids: ['several-parts'],
    text: `Content-Type: multipart/mixed; boundary=b\n\n${`--b\nContent-Type: text/x-groundup\n\n${good}\n`.repeat(2)}--b--\n`,
    report: `error[several-parts] u:1:1 one part of MIME is for groundup; there are 2
  hint: put all fields into one part of type text/x-groundup`,
  },
  {
    ids: ['unpacked-too-long'],
    text: gzipSync(Buffer.alloc(4_000_000)).toString('latin1'),
    report: `error[unpacked-too-long] u:1:1 user-data has at most 16384 bytes, also when unpacked; this gzip holds more
  hint: a node needs its name and its pod-cidr only`,
  },
  {
    ids: ['bad-value', 'same-as-baked', 'public-range'],
    text: 'name=Worker|pod-cidr=8.8.8.0/24|cluster-domain=cluster.local',
    report: `error[bad-value] u:1:6 name: must be a lower-case DNS label of at most 40 characters; Worker is not
  name=Worker|pod-cidr=8.8.8.0/24|cluster-domain=cluster.local
       ~~~~~~
  hint: example: name=worker-0
warning[public-range] u:1:22 pod-cidr: pods have private addresses; 8.8.8.0/24 belongs to somebody on the Internet, whom pods could not reach
  name=Worker|pod-cidr=8.8.8.0/24|cluster-domain=cluster.local
                       ~~~~~~~~~~
  hint: choose a private range, e.g. 172.20.0.0/24
warning[same-as-baked] u:1:48 cluster-domain: a key overrides what the image has; the image has cluster.local, too
  name=Worker|pod-cidr=8.8.8.0/24|cluster-domain=cluster.local
                                                 ~~~~~~~~~~~~~
  hint: leave it out, and it follows the image`,
  },
  {
    ids: ['bad-value', 'unused-node-name'],
    text: `${good}|node-name=private-dns-name|lifecycle-hook=workers`,
    report: `warning[unused-node-name] u:1:48 node-name: node-name is for nodes that nothing else names; the certificate names this one
  ${good}|node-name=private-dns-name|lifecycle-hook=workers
                                                 ~~~~~~~~~~~~~~~~
  hint: leave it out
error[bad-value] u:1:80 lifecycle-hook: must be an autoscaling group and its launch hook, <group>:<hook>; workers is not
  ${good}|node-name=private-dns-name|lifecycle-hook=workers
                                                                                 ~~~~~~~
  hint: example: lifecycle-hook=workers:ready`,
  },
  {
    ids: ['bad-value', 'unused-node-name'],
    text: `${good}|identity=tls-bootstrap|node-name=private-dns-name|max-pods=0`,
    report: `warning[unused-node-name] u:1:71 node-name: node-name is for nodes that nothing else names; name names this one
  ${good}|identity=tls-bootstrap|node-name=private-dns-name|max-pods=0
                                                                        ~~~~~~~~~~~~~~~~
  hint: leave it out
error[bad-value] u:1:97 max-pods: must be a whole number from 1 to 500; 0 is not
  ${good}|identity=tls-bootstrap|node-name=private-dns-name|max-pods=0
                                                                                                  ~
  hint: example: max-pods=58`,
  },
  {
    ids: ['too-long'],
    text: `${good}|cluster=${'x'.repeat(17_000)}`,
    report: `error[too-long] u:1:1 user-data has at most 16384 bytes, as EC2 takes them; this has 17045
  hint: a node needs its name and its pod-cidr only`,
  },
  {
    ids: ['bad-value', 'unknown-key', 'missing-key'],
    text: 'nam=worker-0|pod-cidr=172.20.0.0/33',
    report: `error[unknown-key] u:1:1 nam: a key must be one that groundup knows; nam is none
  nam=worker-0|pod-cidr=172.20.0.0/33
  ~~~
  hint: did you mean name? known keys: cluster, cluster-domain, dns-address, group-size, identity, kube-proxy-mode, labels, lifecycle-hook, max-pods, name, node-name, pod-cidr, secret-prefix, service-cidr, taints
error[bad-value] u:1:23 pod-cidr: must be an IPv4 range, imds-prefix, node or none; 172.20.0.0/33 is not
  nam=worker-0|pod-cidr=172.20.0.0/33
                        ~~~~~~~~~~~~~
  hint: example: pod-cidr=172.20.0.0/24
error[missing-key] u:1:36 name: every node needs one; there is none
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
    assert.is(formatFindings('u', check.text, check.findings), report);
  });

const network: Wrong[] = [
  {
    ids: ['pod-cidr-overlaps-vpc'],
    text: 'name=worker-0|pod-cidr=172.31.4.0/24',
    report: `error[pod-cidr-overlaps-vpc] u:1:24 pod-cidr: an address is a pod or of the VPC; 172.31.4.0/24 overlaps the VPC range 172.31.0.0/16
  name=worker-0|pod-cidr=172.31.4.0/24
                         ~~~~~~~~~~~~~
  hint: choose a range outside both service-cidr and the VPC`,
  },
  {
    ids: ['pod-cidr-overlaps-subnet'],
    text: 'name=worker-0|pod-cidr=172.31.0.0/24',
    report: `error[pod-cidr-overlaps-subnet] u:1:24 pod-cidr: an address is a pod or of the VPC; 172.31.0.0/24 overlaps the subnet 172.31.0.0/24 of this instance
  name=worker-0|pod-cidr=172.31.0.0/24
                         ~~~~~~~~~~~~~
  hint: choose a range outside both service-cidr and the VPC`,
  },
  {
    ids: ['service-cidr-overlaps-vpc'],
    text: 'name=a|pod-cidr=imds-prefix|service-cidr=10.96.0.0/16|dns-address=10.96.0.10',
    report: `warning[service-cidr-overlaps-vpc] u:1:42 service-cidr: an address is a Service or of the VPC; 10.96.0.0/16 overlaps the VPC range 10.96.0.0/15, of which a Service hides addresses
  name=a|pod-cidr=imds-prefix|service-cidr=10.96.0.0/16|dns-address=10.96.0.10
                                           ~~~~~~~~~~~~
  hint: choose a service-cidr outside the VPC, for the API server, too`,
  },
];

for (const { ids, text, report } of network)
  test(`found on the instance: ${ids.join(', ')}`, () => {
    const check = checkUserData(text, settings);
    assert.is(check.kind, 'node');
    if (check.kind !== 'node') return;
    const facts = { vpcRanges: ['10.96.0.0/15', '172.31.0.0/16'], subnetRange: '172.31.0.0/24' };
    const findings = checkNetwork(check.fields, settings, facts);
    assert.equal(
      findings.map(({ id }) => id),
      ids,
    );
    assert.is(formatFindings('u', text, findings), report);
  });

const inGroup: Wrong = {
  ids: ['pod-cidr-in-group'],
  text: good,
  report: `error[pod-cidr-in-group] u:1:24 pod-cidr: instances of an autoscaling group share their user-data; all of this group would have 172.20.0.0/24
  name=worker-0|pod-cidr=172.20.0.0/24
                         ~~~~~~~~~~~~~
  hint: say pod-cidr=imds-prefix, or group-size=1 for a group of one`,
};

test('a fixed range in an autoscaling group', () => {
  const at = { text: '172.20.0.0/24', line: 1, column: 24 };
  const lifecycleState = 'InService';
  const fields = { 'pod-cidr': at };
  assert.is(formatFindings('u', good, checkGroup(fields, lifecycleState)), inGroup.report);
  assert.equal(checkGroup(fields, undefined), []);
  const check = checkUserData(`${good}|group-size=1`, settings);
  assert.is(check.kind, 'node');
  if (check.kind !== 'node') return;
  assert.equal(checkGroup(check.fields, lifecycleState), []);
});

const prefixes = ['172.31.0.64/28', '172.31.0.96/28'];

const inPrefixes: (Wrong & { prefixes: string[] })[] = [
  {
    ids: ['no-prefixes'],
    text: 'name=worker-0|pod-cidr=imds-prefix',
    prefixes: [],
    report: `error[no-prefixes] u:1:24 pod-cidr: imds-prefix takes pods’ addresses from prefixes of the network interface; it has none
  name=worker-0|pod-cidr=imds-prefix
                         ~~~~~~~~~~~
  hint: Ipv4PrefixCount in the launch template’s network interface, or another pod-cidr`,
  },
  {
    ids: ['too-many-pods-for-prefixes'],
    text: 'name=worker-0|pod-cidr=imds-prefix|max-pods=33',
    prefixes,
    report: `error[too-many-pods-for-prefixes] u:1:45 max-pods: max-pods must fit into the prefixes of the network interface; 2 prefixes have room for 32 pods, not for 33
  name=worker-0|pod-cidr=imds-prefix|max-pods=33
                                              ~~
  hint: at most max-pods=32, or Ipv4PrefixCount 3 in the launch template`,
  },
  {
    ids: ['too-many-pods-for-prefixes'],
    text: 'name=worker-0|pod-cidr=imds-prefix|max-pods=17',
    prefixes: prefixes.slice(1),
    report: `error[too-many-pods-for-prefixes] u:1:45 max-pods: max-pods must fit into the prefixes of the network interface; 1 prefix has room for 16 pods, not for 17
  name=worker-0|pod-cidr=imds-prefix|max-pods=17
                                              ~~
  hint: at most max-pods=16, or Ipv4PrefixCount 2 in the launch template`,
  },
];

const judgePrefixes = (text: string, found: string[]) => {
  const check = checkUserData(text, settings);
  assert.is(check.kind, 'node');
  if (check.kind !== 'node') return [];
  return checkPrefixes(check.podCidrAt, check.fields['max-pods'], { prefixes: found });
};

for (const { ids, text, report, prefixes: found } of inPrefixes)
  test(`found on the instance: ${ids.join(', ')} with ${found.length}`, () => {
    const findings = judgePrefixes(text, found);
    assert.equal(
      findings.map(({ id }) => id),
      ids,
    );
    assert.is(formatFindings('u', text, findings), report);
  });

test('pod networks other than a range have nothing to do with ranges', () => {
  assert.equal(judgePrefixes('name=worker-0|pod-cidr=imds-prefix|max-pods=32', prefixes), []);
  for (const word of ['imds-prefix', 'node', 'none']) {
    const text = `name=worker-0|pod-cidr=${word}|max-pods=200`;
    const check = checkUserData(text, settings);
    assert.is(check.kind, 'node');
    if (check.kind !== 'node') continue;
    assert.equal(check.warnings, []);
    assert.equal(checkGroup(check.fields, 'InService'), []);
    assert.equal(checkNetwork(check.fields, settings, { vpcRanges: ['172.31.0.0/16'] }), []);
    if (word !== 'imds-prefix') assert.equal(judgePrefixes(text, []), []);
  }
});

test('a range outside the VPC', () => {
  const at = { text: '172.20.0.0/24', line: 1, column: 24 };
  assert.equal(checkNetwork({ 'pod-cidr': at }, settings, { vpcRanges: ['172.31.0.0/16'] }), []);
});

test('every message of the catalogue is provoked above', () => {
  const provoked = new Set<string>(
    [...wrong, ...network, inGroup, ...inPrefixes].flatMap(({ ids }) => ids),
  );
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
