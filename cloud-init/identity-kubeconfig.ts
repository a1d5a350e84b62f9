// A kubeconfig -> its faults, and those that only the certificate, the key and the CA beside it show.
import { findChain } from './chain.ts';
import { bootstrapFolder } from './derive.ts';
import type { SecretRole } from './files.ts';
import { checkValidity, describeName, nodePrefix, type Known } from './identity-report.ts';
import { parseKubeconfig, type PemSource } from './kubeconfig.ts';
import { isKeyOf, readPrivateKey, type PrivateKey } from './private-key.ts';
import { readCertificates, type Certificate } from './x509.ts';

type KubeconfigRole = Extract<SecretRole, 'kubeconfig' | 'proxy-kubeconfig' | 'bootstrap'>;

/** A client's own certificate and those behind it. */
type Certificates = NonNullable<ReturnType<typeof readCertificates>>;

/** A relative path starts at the kubeconfig's own folder. */
const folders: Record<KubeconfigRole, string> = {
  kubeconfig: '/var/lib/kubelet',
  'proxy-kubeconfig': '/var/lib/kube-proxy',
  bootstrap: bootstrapFolder,
};

/** The value behind a PEM source: read from its text, or `known` when the path is that of a secret. */
const take = <Value>(
  source: PemSource | undefined,
  role: KubeconfigRole,
  { report }: Known,
  from: {
    path: string;
    known: Value | undefined;
    read: (text: string) => Value | undefined;
    unreadable: () => void;
  },
): Value | undefined => {
  if (source === undefined) return undefined;
  if ('text' in source) {
    const value = from.read(source.text.reveal());
    if (value === undefined) from.unreadable();
    return value;
  }
  const path = source.path.startsWith('/') ? source.path : `${folders[role]}/${source.path}`;
  if (path === from.path) return from.known;
  report(role, 'foreign-file', { path });
  return undefined;
};

/** The same authority: a CA that was renewed with its key counts as itself. */
const isSameAuthority = (one: Certificate, other: Certificate): boolean =>
  one.subject === other.subject && one.publicKey.bytes === other.publicKey.bytes;

const checkAuthority = (source: PemSource, role: KubeconfigRole, known: Known): void => {
  const { authorities, facts, report } = known;
  if (authorities.length === 0) return;
  const trusted = take<readonly Certificate[]>(source, role, known, {
    path: facts.authorityPath,
    known: authorities,
    read: readCertificates,
    unreadable: () => report(role, 'other-authority'),
  });
  if (trusted === undefined) return;
  const isTrusted = trusted.some((one) => authorities.some((other) => isSameAuthority(one, other)));
  if (!isTrusted) report(role, 'other-authority');
};

/** openssl is only asked where key ids do not tell: each question costs a boot some time. */
const checkIssuer = (
  client: Certificate,
  intermediates: readonly Certificate[],
  role: KubeconfigRole,
  { authorities, facts, report }: Known,
): void => {
  if (authorities.length === 0) return;
  const isSignedBy = (one: Certificate, issuer: Certificate): boolean =>
    (one.authorityKeyId !== undefined && issuer.subjectKeyId !== undefined) ||
    facts.isSignedBy(one, issuer);
  if ('path' in findChain(client, intermediates, authorities, isSignedBy)) return;
  report(role, 'other-client-authority', { issuer: describeName(client.issuerCommonName) });
};

const checkClient = (
  [client, ...intermediates]: Certificates,
  role: KubeconfigRole,
  known: Known,
): void => {
  const { certificate, report } = known;
  const { commonName, organizations } = client;
  const isWorker = client.bytes === certificate?.bytes;
  // The faults of the worker's certificate are told once.
  if (!isWorker) {
    checkValidity(client, role, known);
    checkIssuer(client, intermediates, role, known);
  }
  if (role === 'proxy-kubeconfig') {
    if (commonName.startsWith(nodePrefix) || organizations.includes('system:nodes'))
      report(role, 'is-a-node', { found: describeName(commonName) });
    return;
  }
  if (certificate === undefined || isWorker) return;
  if (commonName !== certificate.commonName)
    report(role, 'other-node', {
      found: describeName(commonName),
      wanted: describeName(certificate.commonName),
    });
  else if (!organizations.includes('system:nodes')) report(role, 'no-organization');
};

/** Reports what is wrong with a kubeconfig; `known` is what was read before it. */
export const checkKubeconfig = (text: string, role: KubeconfigRole, known: Known): void => {
  const { facts, report } = known;
  const kubeconfig = parseKubeconfig(text);
  if (typeof kubeconfig === 'string') {
    report(role, 'kubeconfig', { reason: kubeconfig });
    return;
  }
  checkAuthority(kubeconfig.authority, role, known);
  const client = take<Certificates>(kubeconfig.certificate, role, known, {
    path: facts.certificatePath,
    known: known.certificate === undefined ? undefined : [known.certificate],
    read: readCertificates,
    unreadable: () => report(role, 'no-client-certificate'),
  });
  const key = take<PrivateKey>(kubeconfig.privateKey, role, known, {
    path: facts.privateKeyPath,
    known: known.privateKey,
    read: readPrivateKey,
    unreadable: () => report(role, 'no-client-key'),
  });
  if (client === undefined) return;
  checkClient(client, role, known);
  if (key !== undefined && !isKeyOf(key, client[0].publicKey)) report(role, 'other-client-key');
};

/** https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#token-format */
const tokenForm = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

/** Reports what is wrong with the kubeconfig that a new node asks for its certificate with. */
export const checkBootstrap = (text: string, known: Known): void => {
  const { report } = known;
  const kubeconfig = parseKubeconfig(text);
  if (typeof kubeconfig === 'string') {
    report('bootstrap', 'kubeconfig', { reason: kubeconfig });
    return;
  }
  checkAuthority(kubeconfig.authority, 'bootstrap', known);
  const { token } = kubeconfig;
  if (token === undefined || !tokenForm.test(token.reveal())) report('bootstrap', 'no-token');
};
