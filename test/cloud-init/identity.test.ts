// Certificates, keys and kubeconfigs that openssl made, right and each wrong in its own way.
import { X509Certificate } from 'node:crypto';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkIdentity, type IdentityTexts } from '../../cloud-init/identity.ts';
import { identityMessages, type IdentityMessageId } from '../../cloud-init/identity-messages.ts';
import { isKeyOf, readPrivateKey } from '../../cloud-init/private-key.ts';
import { createSignatureCheck } from '../../cloud-init/signature.ts';
import { readCertificates, type Certificate, type PublicKey } from '../../cloud-init/x509.ts';
import { kubeconfigFor } from '../../scripts/lab/pki.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { createNode, type NodeOptions } from '../fakes/node.ts';
import {
  authorityExtensions,
  convertKey,
  issue,
  type Issued,
  type KeyKind,
  type Wanted,
} from '../fakes/openssl.ts';

const dayMs = 86_400_000;
const nodeIp = '172.31.0.20';
const authoritySubject = '/O=Kubernetes/CN=Kubernetes';
const server = 'https://172.31.0.10:6443';

const makeAuthority = (wanted: Partial<Wanted> = {}): Issued =>
  issue({ subject: authoritySubject, extensions: authorityExtensions, ...wanted });

const makeWorker = (issuer: Issued, wanted: Partial<Wanted> = {}): Issued =>
  issue({
    subject: '/O=system:nodes/CN=system:node:ip-172-31-0-20',
    issuer,
    extensions: [`subjectAltName=DNS:ip-172-31-0-20,IP:${nodeIp}`],
    ...wanted,
  });

const makeProxy = (issuer: Issued): Issued =>
  issue({ subject: '/O=system:node-proxier/CN=system:kube-proxy', issuer });

const authority = makeAuthority();
const worker = makeWorker(authority);
const proxy = makeProxy(authority);

const textsOf = (pair: Issued, ca: Issued, proxyPair: Issued): IdentityTexts => ({
  authority: ca.certificate,
  certificate: pair.certificate,
  'private-key': pair.key,
  kubeconfig: kubeconfigFor('u', pair, ca.certificate, server),
  'proxy-kubeconfig': kubeconfigFor('p', proxyPair, ca.certificate, server),
});

const sound = textsOf(worker, authority, proxy);
const host = createNode();
const facts = {
  isSignedBy: createSignatureCheck(host),
  nowMs: Date.now() + 60_000,
  nodeIp,
  authorityPath: '/var/lib/kubernetes/ca.pem',
  certificatePath: '/var/lib/kubelet/w.pem',
  privateKeyPath: '/var/lib/kubelet/w-key.pem',
  certificateField: 'w.pem',
};

const provoked = new Set<IdentityMessageId>();

const check = (texts: IdentityTexts, changes: Partial<typeof facts> = {}) => {
  const identity = checkIdentity(texts, { ...facts, ...changes });
  for (const { id } of identity.findings) provoked.add(id);
  return identity;
};

const faultsOf = (texts: IdentityTexts, changes: Partial<typeof facts> = {}): string[] =>
  check(texts, changes).findings.map(({ role, id }) => `${role} ${id}`);

/** A worker of another CA, in everything but `authority`. */
const mixed = (pair: Issued, ca: string): IdentityTexts => ({
  ...sound,
  authority: ca,
  certificate: pair.certificate,
  'private-key': pair.key,
  kubeconfig: kubeconfigFor('u', pair, ca, server),
});

test('a sound set has no fault, and names the node and its end', () => {
  assert.equal(check(sound), {
    findings: [],
    nodeName: 'ip-172-31-0-20',
    expiresMs: new X509Certificate(worker.certificate).validToDate.getTime(),
  });
});

const kinds: [KeyKind, Required<Wanted>['hash']][] = [
  ['rsa', 'sha256'],
  ['rsa', 'sha384'],
  ['rsa', 'sha512'],
  ['p256', 'sha256'],
  ['p256', 'sha384'],
  ['p256', 'sha512'],
  ['p384', 'sha384'],
  ['ed25519', 'sha256'],
];

const sameKeyAuthorities = new Map<KeyKind, [Issued, Issued]>();
const authoritiesOf = (kind: KeyKind): [Issued, Issued] => {
  const made = sameKeyAuthorities.get(kind) ?? [
    makeAuthority({ kind, hasKeyIds: false }),
    makeAuthority({ kind, hasKeyIds: false }),
  ];
  sameKeyAuthorities.set(kind, made);
  return made;
};

for (const [kind, digest] of kinds)
  test(`the signature of a CA with ${kind} and ${digest}`, () => {
    const [right, wrong] = authoritiesOf(kind);
    const pair = makeWorker(right, { hash: digest, hasKeyIds: false });
    assert.ok(
      new X509Certificate(pair.certificate).verify(
        new X509Certificate(right.certificate).publicKey,
      ),
    );
    const of = (ca: Issued) =>
      faultsOf({ authority: ca.certificate, certificate: pair.certificate });
    assert.equal(of(right), []);
    // The same name, no key ids, another key: only the signature tells.
    assert.equal(of(wrong), ['certificate wrong-signature']);
  });

test('an openssl that cannot tell is a line in the journal, and names decide', () => {
  const [right, wrong] = authoritiesOf('p256');
  const pair = makeWorker(right, { hasKeyIds: false });
  const texts = { authority: wrong.certificate, certificate: pair.certificate };
  const cases: [NodeOptions, string][] = [
    [{ programs: { openssl: () => ({ exitCode: 127 }) } }, 'exit code 127'],
    [{ programs: { openssl: () => ({ exitCode: 2, stderr: 'broken' }) } }, 'broken'],
    [{ capacityBytes: 300 }, 'No space left on device'],
  ];
  for (const [options, said] of cases) {
    const node = createNode(options);
    assert.equal(faultsOf(texts, { isSignedBy: createSignatureCheck(node) }), []);
    assert.equal(node.journal, [`warning: groundup: openssl cannot check a signature: ${said}`]);
  }
  assert.equal(faultsOf(texts), ['certificate wrong-signature']);
});

test('a bit of the signed part or of the signature that was turned over is noticed', () => {
  for (const kind of ['rsa', 'p256'] as const) {
    const [right] = authoritiesOf(kind);
    const pair = makeWorker(right, { hasKeyIds: false });
    const der = new X509Certificate(pair.certificate).raw;
    // The serial number stands near the start, the signature at the end.
    for (const at of [20, der.length - 5]) {
      const changed = Buffer.from(der);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      const body = changed.toString('base64').replaceAll(/.{64}/g, '$&\n');
      const certificate = `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
      const texts = { authority: right.certificate, certificate };
      assert.equal(faultsOf(texts), ['certificate wrong-signature']);
    }
  }
});

test('a CA of the same name, told apart by its key id', () => {
  const other = makeAuthority();
  assert.equal(faultsOf(mixed(makeWorker(other), authority.certificate)), [
    'certificate other-key-id',
  ]);
});

test('a CA of another name, and both names are told', () => {
  const other = makeAuthority({ subject: '/CN=elsewhere' });
  const { findings } = check(mixed(makeWorker(other), authority.certificate));
  assert.equal(
    findings.map(({ text }) => text),
    ['was issued by CN=elsewhere, ca.pem has CN=Kubernetes'],
  );
});

test('a CA that may not be one', () => {
  const other = makeAuthority({ extensions: ['basicConstraints=critical,CA:FALSE'] });
  const pair = makeWorker(other);
  assert.equal(faultsOf({ authority: other.certificate, certificate: pair.certificate }), [
    'certificate not-an-authority',
  ]);
});

test('a CA in rotation: any one of ca.pem that fits is right', () => {
  const older = makeAuthority();
  for (const both of [
    `${older.certificate}${authority.certificate}`,
    `${authority.certificate}\n\n${older.certificate}`,
  ])
    assert.equal(faultsOf({ ...sound, authority: both }), []);
});

test('intermediates behind the certificate, in any order; without one the way ends', () => {
  const outer = issue({
    subject: '/CN=outer',
    issuer: authority,
    extensions: authorityExtensions,
  });
  const inner = issue({ subject: '/CN=inner', issuer: outer, extensions: authorityExtensions });
  const pair = makeWorker(inner);
  const of = (...behind: Issued[]) =>
    faultsOf({
      ...mixed(pair, authority.certificate),
      certificate: [pair, ...behind].map(({ certificate }) => certificate).join(''),
    });
  assert.equal(of(inner, outer), []);
  assert.equal(of(outer, inner), []);
  assert.equal(of(inner), ['certificate unknown-issuer']);
  assert.equal(of(), ['certificate unknown-issuer']);
});

const times: [string, number, string[]][] = [
  ['not yet', -2 * dayMs, ['certificate not-yet-valid', 'proxy-kubeconfig not-yet-valid']],
  ['30 days left', 29 * dayMs, []],
  ['29 days left', 31 * dayMs, ['expires-soon']],
  ['no longer', 61 * dayMs, ['expired']],
];
for (const [name, laterMs, expected] of times)
  test(`the time of a certificate: ${name}`, () => {
    const found = faultsOf(sound, { nowMs: Date.now() + laterMs });
    for (const fault of expected)
      assert.ok(
        found.some((one) => one.endsWith(fault)),
        `${fault} is not in ${found.join(', ')}`,
      );
    assert.is(found.length === 0, expected.length === 0);
    // Of a certificate that stands in the kubeconfig, too, it is told once.
    assert.is(found.filter((one) => one.startsWith('kubeconfig')).length, 0);
  });

test('an expired CA is told with its own file', () => {
  const old = makeAuthority({ days: 30 });
  const pair = makeWorker(old);
  const texts = { authority: old.certificate, certificate: pair.certificate };
  assert.equal(faultsOf(texts, { nowMs: Date.now() + 31 * dayMs }), [
    'certificate expires-soon',
    'authority expired',
  ]);
});

const names: [string, string[], string][] = [
  ['/O=system:nodes/CN=system:node:', ['certificate wrong-name'], 'common name system:node:'],
  ['/O=system:nodes/CN=system:node:A_b', ['certificate wrong-name'], 'common name system:node:A_b'],
  ['/O=system:nodes', ['certificate wrong-name'], 'no common name'],
  ['/CN=system:node:a', ['certificate no-organization'], 'no organization system:nodes'],
  ['/O=system:nodes/CN=admin', ['certificate wrong-name'], 'common name admin'],
];
for (const [subject, expected, says] of names)
  test(`a certificate that is no node's: ${subject}`, () => {
    const pair = makeWorker(authority, { subject });
    const texts = { authority: authority.certificate, certificate: pair.certificate };
    assert.equal(faultsOf(texts), expected);
    assert.ok(check(texts).findings[0]?.text.includes(says));
  });

test('the key of another certificate, in every form of a key', () => {
  const other = makeWorker(authority, { kind: 'rsa' });
  const right = { certificate: other.certificate, 'private-key': other.key };
  assert.equal(faultsOf(right), []);
  assert.equal(faultsOf({ ...right, 'private-key': worker.key }), ['private-key other-key']);
  assert.equal(faultsOf({ ...right, certificate: worker.certificate }), ['private-key other-key']);
});

const keyForms: [string, KeyKind, readonly string[]][] = [
  ['PKCS #1', 'rsa', ['rsa', '-traditional']],
  ['PKCS #8', 'rsa', ['pkcs8', '-topk8', '-nocrypt']],
  ['SEC 1', 'p256', ['ec']],
  ['PKCS #8', 'p256', ['pkcs8', '-topk8', '-nocrypt']],
  ['SEC 1', 'p384', ['ec']],
];
for (const [form, kind, args] of keyForms)
  test(`a key in the form ${form} of ${kind} is compared`, () => {
    const [one, other] = [makeWorker(authority, { kind }), makeWorker(authority, { kind })];
    const key = readPrivateKey(convertKey(one.keyFile, args));
    assert.ok(key?.publicPart);
    const keyOf = ({ certificate }: Issued) =>
      ((readCertificates(certificate) ?? []) as Certificate[])[0]?.publicKey as PublicKey;
    assert.is(isKeyOf(key, keyOf(one)), true);
    assert.is(isKeyOf(key, keyOf(other)), false);
  });

test('a key without its public part is not guessed at', () => {
  const without = convertKey(worker.keyFile, ['ec', '-no_public']);
  assert.is(readPrivateKey(without)?.publicPart, undefined);
  const other = makeWorker(authority);
  assert.equal(faultsOf({ certificate: other.certificate, 'private-key': without }), []);
  const parameters =
    '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  assert.equal(readPrivateKey(`${parameters}${without}`), readPrivateKey(without));
});

test('a key with a passphrase, cut short, and none at all', () => {
  const locked = convertKey(worker.keyFile, ['pkcs8', '-topk8', '-passout', 'pass:x']);
  const oldLocked = convertKey(worker.keyFile, ['ec', '-aes256', '-passout', 'pass:x']);
  const short = worker.key.replace(/\n.*\n-----END/, '\n-----END');
  for (const text of [locked, oldLocked, short, worker.certificate, ''])
    assert.equal(faultsOf({ 'private-key': text }), ['private-key no-key']);
});

const wrongPems = [
  '',
  worker.certificate.replaceAll('CERTIFICATE', 'PUBLIC KEY'),
  worker.certificate.replace(/\n.*\n-----END/, '\n-----END'),
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  '-----BEGIN CERTIFICATE-----\n$$$$\n-----END CERTIFICATE-----\n',
  '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
];
for (const text of wrongPems)
  test(`no certificate: ${text.slice(28, 60)}`, () => {
    assert.equal(faultsOf({ certificate: text, authority: text }), [
      'authority no-certificate',
      'certificate no-certificate',
    ]);
  });

test('lines may end as on other systems', () => {
  const other = Object.fromEntries(
    Object.entries(sound).map(([role, text]) => [role, text.replaceAll('\n', '\r\n')]),
  );
  assert.equal(faultsOf(other), []);
});

test('the address of the instance', () => {
  const other = check(sound, { nodeIp: '172.31.0.21' });
  assert.equal(
    other.findings.map(({ severity, text }) => `${severity} ${text}`),
    ['warning does not name 172.31.0.21: kubectl logs and exec will fail verification'],
  );
  const nameless = makeWorker(authority, { extensions: [] });
  assert.equal(faultsOf({ certificate: nameless.certificate }), ['certificate no-address']);
});

test('the kubeconfig of another node, of another CA, with another key', () => {
  const other = makeWorker(authority, { subject: '/O=system:nodes/CN=system:node:b' });
  const of = (pair: Pick<Issued, 'certificate' | 'key'>, ca = authority.certificate) =>
    faultsOf({
      ...sound,
      kubeconfig: kubeconfigFor('u', { ...worker, ...pair }, ca, server),
    });
  assert.equal(of(other), ['kubeconfig other-node']);
  assert.equal(of({ certificate: worker.certificate, key: other.key }), [
    'kubeconfig other-client-key',
  ]);
  assert.equal(of(worker, makeAuthority().certificate), ['kubeconfig other-authority']);
  assert.equal(of({ certificate: 'x', key: 'y' }), [
    'kubeconfig no-client-certificate',
    'kubeconfig no-client-key',
  ]);
  const again = makeWorker(authority);
  assert.equal(of(again), []);
  const noNode = makeWorker(authority, { subject: '/CN=system:node:ip-172-31-0-20' });
  assert.equal(of(noNode), ['kubeconfig no-organization']);
});

test('client certificates of a CA that was made anew, or that has another name', () => {
  const clientOf = (text: string, pair: Issued) =>
    faultsOf({ ...sound, [text]: kubeconfigFor('u', pair, authority.certificate, server) });
  for (const before of [makeAuthority(), makeAuthority({ subject: '/CN=before' })]) {
    assert.equal(clientOf('kubeconfig', makeWorker(before)), ['kubeconfig other-client-authority']);
    assert.equal(clientOf('proxy-kubeconfig', makeProxy(before)), [
      'proxy-kubeconfig other-client-authority',
    ]);
  }
  const intermediate = makeAuthority({ subject: '/CN=between', issuer: authority });
  const pair = makeProxy(intermediate);
  const both = { ...pair, certificate: pair.certificate + intermediate.certificate };
  assert.equal(clientOf('proxy-kubeconfig', both), []);
});

test('a kube-proxy that has the identity of a node', () => {
  assert.equal(faultsOf({ ...sound, 'proxy-kubeconfig': sound.kubeconfig as string }), [
    'proxy-kubeconfig is-a-node',
  ]);
});

const filesKubeconfig = (certificate: string, key: string, ca: string) => `kind: Config
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: 'https://a', certificate-authority: ${ca}}}]
users: [{name: u, user: {client-certificate: ${certificate}, client-key: ${key}}}]
`;

test('a kubeconfig that names files: ours are known, others are a warning', () => {
  const { certificatePath, privateKeyPath, authorityPath } = facts;
  const own = filesKubeconfig(certificatePath, 'w-key.pem', authorityPath);
  assert.equal(faultsOf({ ...sound, kubeconfig: own }), []);
  const foreign = filesKubeconfig('/etc/c.pem', privateKeyPath, authorityPath);
  const { findings } = check({ ...sound, kubeconfig: foreign });
  assert.equal(
    findings.map(({ severity, text }) => `${severity} ${text}`),
    ['warning reads /etc/c.pem, which comes from no secret'],
  );
});

test('every fault at once, and a text is never among them', () => {
  const stranger = makeAuthority({ subject: '/CN=stranger' });
  const pair = makeWorker(stranger, { subject: '/CN=admin' });
  const texts: IdentityTexts = {
    authority: authority.certificate,
    certificate: pair.certificate,
    'private-key': worker.key,
    kubeconfig: kubeconfigFor('u', worker, stranger.certificate, server),
    'proxy-kubeconfig': 'kind: Config',
  };
  const { findings } = check(texts, { nodeIp: '10.0.0.1', nowMs: Date.now() + 90 * dayMs });
  assert.equal(
    findings.map(({ role, id }) => `${role} ${id}`),
    [
      'certificate wrong-name',
      'certificate no-organization',
      'certificate no-address',
      'certificate expired',
      'certificate unknown-issuer',
      'private-key other-key',
      'kubeconfig other-authority',
      'kubeconfig expired',
      'kubeconfig other-node',
      'proxy-kubeconfig kubeconfig',
    ],
  );
  const said = JSON.stringify(findings);
  for (const line of Object.values(texts).join('\n').split('\n'))
    if (line.length > 20) assert.is(said.includes(line), false);
});

test('a name from outside is one short line', () => {
  const pair = makeWorker(authority, { subject: `/O=system:nodes/CN=a\nb${'c'.repeat(50)}` });
  const [finding] = check({ certificate: pair.certificate }).findings;
  assert.match(finding?.text ?? '', /^has common name a bc+, a kubelet needs/);
});

test('what is there is checked when the rest is missing', () => {
  for (const role of Object.keys(sound) as (keyof IdentityTexts)[]) {
    const { [role]: _, ...others } = sound;
    assert.equal(faultsOf(others), [], role);
    assert.equal(faultsOf({ [role]: sound[role] ?? '' }), [], role);
  }
});

test('dates of both forms, and version 1, are read', () => {
  for (const notAfter of ['2027-11-23T14:00:00Z', '2049-12-31T23:59:59Z', '2999-01-01T00:00:00Z'])
    for (const hasVersion of [true, false]) {
      const pem = makeCertificate({ commonName: 'a', notAfter: new Date(notAfter), hasVersion });
      const [certificate] = readCertificates(`text before\n${pem}`) ?? [];
      assert.is(certificate?.notAfterMs, Date.parse(notAfter));
      assert.is(certificate?.version, hasVersion ? 3 : 1);
    }
});

test('certificates are read as Node reads them', () => {
  for (const pair of [authority, worker, proxy]) {
    const node = new X509Certificate(pair.certificate);
    const [ours] = readCertificates(pair.certificate) as [Certificate];
    assert.is(ours.isAuthority, node.ca);
    assert.is(ours.notBeforeMs, node.validFromDate.getTime());
    assert.is(ours.notAfterMs, node.validToDate.getTime());
    assert.equal(Buffer.from(ours.bytes, 'latin1'), node.raw);
    assert.match(node.subject, `CN=${ours.commonName}`);
    const addresses = [...(node.subjectAltName ?? '').matchAll(/IP Address:([\d.]+)/g)];
    assert.equal(
      ours.addresses,
      addresses.map(([, address]) => address),
    );
  }
});

test('bytes of any kind are a fault, never an exception', () => {
  const der = new X509Certificate(worker.certificate).raw;
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
      const changed = Buffer.from(der);
      changed.writeUInt8(byte, at);
      const bytes = isCut ? changed.subarray(0, at) : changed;
      const pem = (label: string) =>
        `-----BEGIN ${label}-----\n${bytes.toString('base64')}\n-----END ${label}-----\n`;
      const certificate = pem('CERTIFICATE');
      check({ ...sound, certificate, 'private-key': pem('PRIVATE KEY') });
      check({ ...sound, authority: certificate, 'private-key': pem('EC PRIVATE KEY') });
    }),
  );
});

/** Provoked in agent.test.ts and tls-bootstrap.test.ts. */
const elsewhere: readonly IdentityMessageId[] = ['no-field', 'not-text', 'no-token'];

test('every message but three was provoked above', () => {
  for (const id of Object.keys(identityMessages) as IdentityMessageId[])
    if (!elsewhere.includes(id)) assert.ok(provoked.has(id), id);
});

test.run();
