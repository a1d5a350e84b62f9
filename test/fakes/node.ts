// What the agent finds on a sound instance, for tests that spoil one thing: metadata and secrets.
import { readFileSync } from 'node:fs';
import type { Environment } from '../../cloud-init/boot-input.ts';
import { templateNames } from '../../cloud-init/files.ts';
import { parseTemplate } from '../../cloud-init/template.ts';
import { inProject } from '../../scripts/project/paths.ts';
import {
  fakeKeys,
  makeAuthority,
  makeCertificate,
  pemOfKey,
  type CertificateOptions,
} from './certificate.ts';
import { createFakeHost, type FakeHost, type FakeOptions, type FakeResponse } from './host.ts';

export const templates = Object.fromEntries(
  templateNames.map((name) => [
    name,
    parseTemplate(
      name,
      readFileSync(inProject('cloud-init/templates', `${name}.mustache`), 'utf8'),
    ),
  ]),
);

export const environment: Environment = { imdsUrl: 'http://imds', templates };

export const settings = {
  cluster: 'k8s-cluster-from-ground-up',
  identity: 'files',
  'node-name': 'instance-id',
  'service-cidr': '10.32.0.0/24',
  'dns-address': '10.32.0.10',
  'cluster-domain': 'cluster.local',
  'secret-prefix': 'k8s',
  'kube-proxy-mode': 'nftables',
};

export const autoscalingUrl = 'https://autoscaling.eu-central-1.amazonaws.com/';
export const secretsUrl = 'https://secretsmanager.eu-central-1.amazonaws.com/';
export const goodUserData = 'name=worker-0|pod-cidr=172.20.0.0/24';
const mac = '0e:49:61:0f:c3:14';

/** Something that no output may ever contain. */
export const secretMark = 'S3CR3T';

/** Text around PEM blocks, and a remark in YAML, do not count: that is where the mark stands. */
const marked = (pem: string): string => `${secretMark}\n${pem}`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** `credentials`: what stands below the user, as YAML in one line. */
const kubeconfigWith = (credentials: string): string => `# ${secretMark}
apiVersion: v1
kind: Config
current-context: default
contexts: [{ name: default, context: { cluster: c, user: u } }]
clusters:
  - name: c
    cluster:
      server: https://172.31.0.10:6443
      certificate-authority-data: ${base64(makeAuthority())}
users:
  - name: u
    user: { ${credentials} }
`;

const kubeconfig = (certificate: string, key: string): string =>
  kubeconfigWith(
    `client-certificate-data: ${base64(certificate)}, client-key-data: ${base64(key)}`,
  );

export type Fields = Record<string, unknown>;

/** What belongs to one worker, whose certificate the options describe. */
export const nodeFields = (
  workerName = `${settings.cluster}-worker-0`,
  options: CertificateOptions = {},
): Fields => {
  const certificate = makeCertificate({
    commonName: 'system:node:ip-172-31-0-20',
    addresses: ['172.31.0.20'],
    ...options,
  });
  const key = marked(pemOfKey(options.keys ?? fakeKeys.worker()));
  return {
    [`${workerName}.pem`]: certificate,
    [`${workerName}-key.pem`]: key,
    [`${workerName}.kubeconfig`]: kubeconfig(certificate, key),
  };
};

export const sharedFields = (): Fields => {
  const keys = fakeKeys.proxy();
  const commonName = 'system:kube-proxy';
  const certificate = makeCertificate({
    commonName,
    organizations: ['system:node-proxier'],
    keys,
  });
  return {
    'ca.pem': makeAuthority(),
    'kube-proxy.kubeconfig': kubeconfig(certificate, marked(pemOfKey(keys))),
  };
};

export const bootstrapToken = 'abcdef.0123456789abcdef';

/** What every new node of a cluster may ask for its certificate with. */
export const bootstrapFields = (credentials = `token: ${bootstrapToken}`): Fields => ({
  'bootstrap.kubeconfig': kubeconfigWith(credentials),
});

export const metadata = (userData: string | undefined): Record<string, string | undefined> => ({
  'api/token': `token-${secretMark}`,
  'user-data': userData,
  'meta-data/placement/region': 'eu-central-1',
  'meta-data/services/domain': 'amazonaws.com',
  'meta-data/local-ipv4': '172.31.0.20',
  'meta-data/local-hostname': 'ip-172-31-0-20.eu-central-1.compute.internal',
  'meta-data/mac': mac,
  'meta-data/instance-id': 'i-0123456789abc0014',
  'meta-data/placement/availability-zone': 'eu-central-1a',
  'meta-data/iam/security-credentials/': 'groundup-worker',
  'meta-data/iam/security-credentials/groundup-worker': JSON.stringify({
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: `key-${secretMark}`,
    Token: `session-${secretMark}`,
  }),
  [`meta-data/network/interfaces/macs/${mac}/vpc-ipv4-cidr-blocks`]: '172.31.0.0/16\n10.9.0.0/16',
});

/** The answer of BatchGetSecretValue. */
export const secretValues = (values: Record<string, Fields>): FakeResponse => ({
  status: 200,
  body: JSON.stringify({
    SecretValues: Object.entries(values).map(([Name, fields]) => ({
      Name,
      SecretString: JSON.stringify(fields),
    })),
    Errors: [],
  }),
});

export interface NodeOptions extends Partial<FakeOptions> {
  userData?: string | undefined;
  /** By path below /latest/; comes before what a sound instance answers. */
  imds?: (path: string, tries: number) => FakeResponse | undefined;
  secrets?: (tries: number) => FakeResponse | undefined;
  /** The service of autoscaling groups; a test without it must not ask it. */
  autoscaling?: (tries: number, config: string) => FakeResponse;
  /** Path below /latest/ -> text; undefined is 404. */
  metadata?: Record<string, string | undefined>;
  secretFields?: Record<string, Fields>;
  /** Of the worker's certificate, unless `secretFields` brings another. */
  certificate?: CertificateOptions;
}

/** A host on which everything works, but for what the options say. */
export const createNode = (options: NodeOptions = {}): FakeHost => {
  const userData = 'userData' in options ? options.userData : goodUserData;
  const known = { ...metadata(userData), ...options.metadata };
  const fields = options.secretFields ?? {
    [`k8s/${settings.cluster}/worker-0`]: nodeFields(undefined, options.certificate),
    [`k8s/${settings.cluster}/shared`]: sharedFields(),
  };
  const answer = (url: string, tries: number, config: string): FakeResponse => {
    if (url === autoscalingUrl && options.autoscaling !== undefined)
      return options.autoscaling(tries, config);
    if (url === secretsUrl) return options.secrets?.(tries) ?? secretValues(fields);
    if (!url.startsWith('http://imds/latest/')) throw new Error(`the test has no ${url}`);
    const path = url.slice('http://imds/latest/'.length);
    const special = options.imds?.(path, tries);
    if (special !== undefined) return special;
    const body = known[path];
    return body === undefined ? { status: 404, body: 'no such thing' } : { status: 200, body };
  };
  return createFakeHost({
    answer,
    ...options,
    files: { '/etc/groundup/settings.json': JSON.stringify(settings), ...options.files },
  });
};

/** Every byte that left the agent for people to read. */
export const outputOf = ({ journal, consoleLines, ran }: FakeHost): string =>
  [...journal, ...consoleLines, ...ran].join('\n');
