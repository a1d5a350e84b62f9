// The lab's certificates, as the seed's PKI chapter has them, made by openssl.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../project/tools.ts';
import { autoscalingHost, secretsManagerHost, vpc, type WorkerAddresses } from './addresses.ts';

const step = 'pki';
const timeoutMs = 30_000;
/** A node warns of a certificate that expires in less than 30. */
const days = '90';

export interface KeyPair {
  /** PEM texts. */
  certificate: string;
  key: string;
  certificateFile: string;
  keyFile: string;
}

export interface Identity {
  commonName: string;
  organization?: string;
  /** `DNS:…` and `IP:…` */
  alternativeNames?: readonly string[];
}

const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const subjectOf = ({ commonName, organization }: Identity): string =>
  `${organization === undefined ? '' : `/O=${organization}`}/CN=${commonName}`;

/** A certificate authority in a folder, and what it signs. */
export class CertificateAuthority {
  readonly folder: string;
  readonly certificateFile: string;
  readonly keyFile: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.certificateFile = path.join(folder, 'ca.pem');
    this.keyFile = path.join(folder, 'ca-key.pem');
  }

  static async create(folder: string): Promise<CertificateAuthority> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const authority = new CertificateAuthority(folder);
    await runTool(
      'openssl',
      [
        ...['req', '-x509', ...keyOptions, '-days', days, '-subj', '/O=Kubernetes/CN=Kubernetes'],
        ...['-addext', 'basicConstraints=critical,CA:TRUE'],
        ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
        ...['-keyout', authority.keyFile, '-out', authority.certificateFile],
      ],
      { step, timeoutMs },
    );
    return authority;
  }

  certificate(): Promise<string> {
    return readFile(this.certificateFile, 'utf8');
  }

  /** Signs `<name>.pem` for both client and server use. */
  async sign(name: string, identity: Identity): Promise<KeyPair> {
    const certificateFile = path.join(this.folder, `${name}.pem`);
    const keyFile = path.join(this.folder, `${name}-key.pem`);
    const names = identity.alternativeNames ?? [];
    await runTool(
      'openssl',
      [
        ...['req', '-x509', ...keyOptions, '-days', days, '-subj', subjectOf(identity)],
        ...['-CA', this.certificateFile, '-CAkey', this.keyFile],
        ...['-addext', 'basicConstraints=critical,CA:FALSE'],
        ...['-addext', 'keyUsage=critical,digitalSignature,keyEncipherment'],
        ...['-addext', 'extendedKeyUsage=clientAuth,serverAuth'],
        ...(names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`]),
        ...['-keyout', keyFile, '-out', certificateFile],
      ],
      { step, timeoutMs },
    );
    const [certificate, key] = await Promise.all(
      [certificateFile, keyFile].map((file) => readFile(file, 'utf8')),
    );
    return { certificate: certificate ?? '', key: key ?? '', certificateFile, keyFile };
  }
}

/** Everyone in the control plane who needs a certificate, by file name. */
export const controlPlaneIdentities = {
  'kube-apiserver': {
    commonName: 'kubernetes',
    alternativeNames: [
      `IP:${vpc.apiServer}`,
      `IP:${vpc.firstServiceAddress}`,
      'IP:127.0.0.1',
      'DNS:kubernetes',
      'DNS:kubernetes.default',
      'DNS:kubernetes.default.svc',
      'DNS:kubernetes.default.svc.cluster.local',
    ],
  },
  'kubelet-client': { commonName: 'kubernetes' },
  'service-account': { commonName: 'service-accounts' },
  admin: { commonName: 'admin', organization: 'system:masters' },
  'kube-controller-manager': { commonName: 'system:kube-controller-manager' },
  'kube-scheduler': { commonName: 'system:kube-scheduler' },
  'kube-proxy': { commonName: 'system:kube-proxy', organization: 'system:node-proxier' },
  'secrets-manager': {
    commonName: secretsManagerHost,
    alternativeNames: [`DNS:${secretsManagerHost}`, `DNS:${autoscalingHost}`],
  },
} as const satisfies Record<string, Identity>;

export type ControlPlaneName = keyof typeof controlPlaneIdentities;

export const workerIdentity = ({ nodeName, address }: WorkerAddresses): Identity => ({
  commonName: `system:node:${nodeName}`,
  organization: 'system:nodes',
  alternativeNames: [`DNS:${nodeName}`, `IP:${address}`],
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A kubeconfig with everything embedded, as the seed's `kubectl config` commands make it. */
export const kubeconfigFor = (user: string, pair: KeyPair, authority: string, server: string) =>
  [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '  - name: k8s-cluster-from-ground-up',
    '    cluster:',
    `      server: ${server}`,
    `      certificate-authority-data: ${base64(authority)}`,
    'users:',
    `  - name: ${user}`,
    '    user:',
    `      client-certificate-data: ${base64(pair.certificate)}`,
    `      client-key-data: ${base64(pair.key)}`,
    'contexts:',
    '  - name: default',
    '    context:',
    '      cluster: k8s-cluster-from-ground-up',
    `      user: ${user}`,
    'current-context: default',
    '',
  ].join('\n');

/** Writes a kubeconfig, 0600. */
export const writeKubeconfig = (file: string, text: string): Promise<void> =>
  writeFile(file, text, { mode: 0o600 });
