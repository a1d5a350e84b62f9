// Every text that a failure may have, as the page of its class has it, and what provokes it. A text of
// one line alone (usage, network) and findings (user-data) stand on their pages in other ways.
import { bootstrapPath } from '../../cloud-init/derive.ts';
import type { FailureClass } from '../../cloud-init/failure.ts';
import { HostError } from '../../cloud-init/hosts/host.ts';
import { imdsAddress } from '../../cloud-init/imds-session.ts';
import { instancePath } from '../../cloud-init/instance.ts';
import { settingsPath } from '../../cloud-init/settings.ts';
import { bootFiles, bootId, nodeEvent } from '../fakes/api-server.ts';
import { nodeFields, settings, sharedFields } from '../fakes/node.ts';
import { refusal, type Scenario } from './provoke.ts';

export interface TextRow extends Scenario {
  /** `<…>` stands for what was found; how often it tried is left out. */
  text: string;
  /** What the holes stand for in this scenario. */
  values?: string[];
  /** How the line ends, where not as every one of its class. */
  outcome?: string;
}

const worker = `${settings.cluster}-worker-0`;
const nodeSecret = `k8s/${settings.cluster}/worker-0`;
const sharedSecret = `k8s/${settings.cluster}/shared`;
const place = 'meta-data/network/interfaces/macs/0e:49:61:0f:c3:14';
const page = '<html><title>captive portal</title></html>';
const refused = { status: 0, error: 'Connection refused' };

const answering = (body: object): Scenario => ({
  secrets: () => ({ status: 200, body: JSON.stringify(body) }),
});
const secretError = (error: object): Scenario =>
  answering({ SecretValues: [], Errors: [{ SecretId: nodeSecret, ...error }] });
const valued = (value: object): Scenario =>
  answering({ SecretValues: [{ Name: nodeSecret, ...value }] });
const withSettings = (text: string): Scenario => ({ files: { [settingsPath]: text } });
const says = (...lines: string[]): Scenario => ({
  command: 'ready',
  files: bootFiles,
  nodes: { lines },
});
const withoutCertificate = { ...nodeFields() };
delete withoutCertificate[`${worker}.pem`];
const otherNode = { [instancePath]: 'i-0000000000000077 files range k8s/a/shared a-worker-7\n' };

const imdsTexts: TextRow[] = [
  {
    text: "instance metadata: no token from <address>: <curl's words>",
    values: [imdsAddress, 'Connection refused'],
    imds: () => refused,
  },
  {
    text: 'instance metadata: no token from <address>: HTTP <status>',
    values: [imdsAddress, '404'],
    imds: () => ({ status: 404 }),
  },
  {
    text: 'instance metadata: no token from <address>: what it answers is no token',
    values: [imdsAddress],
    imds: () => ({ status: 200, body: page }),
  },
  {
    text: 'instance metadata: <address> answers HTTP 403: it is switched off for this instance',
    values: [imdsAddress],
    imds: () => ({ status: 403 }),
  },
  {
    text: 'instance metadata: <path>: HTTP 401: a new token was refused, too',
    values: ['user-data'],
    imds: (path) => (path === 'user-data' ? { status: 401 } : undefined),
  },
  {
    text: 'instance metadata: <path>: HTTP <status>',
    values: ['user-data', '429'],
    imds: (path) => (path === 'user-data' ? { status: 429 } : undefined),
  },
  {
    text: "instance metadata: <path>: <curl's words>",
    values: ['user-data', 'Connection refused'],
    imds: (path) => (path === 'user-data' ? refused : undefined),
  },
  {
    text: 'instance metadata: <name>: there is none',
    values: ['mac'],
    metadata: { 'meta-data/mac': undefined },
  },
  {
    text: 'instance metadata: <name>: "<text>" is not what belongs there',
    values: ['placement/region', page],
    metadata: { 'meta-data/placement/region': page },
  },
  {
    text: 'instance metadata: local-hostname: there is none, and node-name is private-dns-name',
    userData: 'pod-cidr=172.20.0.0/24|identity=tls-bootstrap|node-name=private-dns-name',
    metadata: { 'meta-data/local-hostname': undefined },
  },
  {
    text: 'instance metadata: <path>: no ranges of the VPC',
    values: [place],
    metadata: { [`${place}/vpc-ipv4-cidr-blocks`]: undefined },
  },
  {
    text: 'instance metadata: <path>: no ranges of VPC and subnet',
    values: [place],
    userData: 'name=worker-0|pod-cidr=imds-prefix',
    metadata: {
      [`${place}/ipv4-prefix`]: '172.31.4.0/28',
      [`${place}/subnet-ipv4-cidr-block`]: undefined,
    },
  },
];

const unreachableTexts: TextRow[] = [
  {
    text: "no answer from <address>: <curl's words>",
    values: ['https://secretsmanager.eu-central-1.amazonaws.com', 'Connection refused'],
    secrets: () => refused,
  },
  {
    text: 'Secrets Manager answers HTTP <status>',
    values: ['503'],
    secrets: () => ({ status: 503 }),
  },
  {
    text: "Secrets Manager answers <code>: <AWS' words>",
    values: ['ThrottlingException', 'Rate exceeded'],
    secrets: () => refusal('ThrottlingException', 'Rate exceeded'),
  },
  {
    text: 'Secrets Manager answers HTTP 200 with something else than secrets',
    secrets: () => ({ status: 200, body: page }),
  },
  {
    text: "secret <name>: <code>: <AWS' words>",
    values: [nodeSecret, 'InternalServiceError', 'An error occurred'],
    ...secretError({ ErrorCode: 'InternalServiceError', Message: 'An error occurred' }),
  },
  {
    text: 'secret <name>: no error code',
    values: [nodeSecret],
    ...secretError({}),
  },
];

const deniedTexts: TextRow[] = [
  {
    text: 'the instance has no IAM role',
    metadata: { 'meta-data/iam/security-credentials/': undefined },
  },
  {
    text: 'role <name> has no credentials yet',
    values: ['groundup-worker'],
    metadata: { 'meta-data/iam/security-credentials/groundup-worker': undefined },
  },
  {
    text: "Secrets Manager answers <code>: <AWS' words>",
    values: ['AccessDeniedException', 'not authorized'],
    secrets: () => refusal('AccessDeniedException', 'not authorized'),
  },
  {
    text: "secret <name>: <code>: <AWS' words>",
    values: [nodeSecret, 'AccessDeniedException', 'not authorized'],
    ...secretError({ ErrorCode: 'AccessDeniedException', Message: 'not authorized' }),
  },
];

const contentTexts: TextRow[] = [
  {
    text: 'secret <name> has no text (is it binary?)',
    values: [nodeSecret],
    ...valued({ SecretBinary: 'AAEC' }),
  },
  {
    text: 'secret <name> is not JSON',
    values: [nodeSecret],
    ...valued({ SecretString: '{' }),
  },
  {
    text: 'secret <name> is not a JSON object',
    values: [nodeSecret],
    ...valued({ SecretString: '[]' }),
  },
  {
    text: 'secret <name> has no field <field> (docs/identity.md says what each secret holds)',
    values: [nodeSecret, `${worker}.pem`],
    secretFields: { [nodeSecret]: withoutCertificate, [sharedSecret]: sharedFields() },
  },
  {
    text: 'secret <name>: <field> <what is wrong> (<what to do>)',
    values: [
      nodeSecret,
      `${worker}.pem`,
      'has no organization system:nodes, the API server takes it for no node',
      'make one with O=system:nodes',
    ],
    certificate: { organizations: [] },
  },
];

const writeTexts: TextRow[] = [
  {
    text: "<path>: <the system's words>",
    values: ['/var/lib/kubelet/.kubeconfig.groundup-new', 'No space left on device'],
    capacityBytes: 9000,
  },
  {
    text: "<path>: <the system's words>; <n> of <m> files were replaced; boot again",
    values: ['/var/lib/kubelet/kubeconfig', 'Input/output error', '4', '11'],
    outcome: '',
    beforeWrite: (operation, path) => {
      if (operation === 'rename' && path === '/var/lib/kubelet/kubeconfig')
        throw new HostError(path, 'Input/output error');
    },
  },
  {
    text: "<rm's words>; the files of <instance> are partly there; boot again",
    values: ['rm: /var/lib/cni: Read-only file system', 'i-0000000000000077'],
    outcome: '',
    files: otherNode,
    programs: { rm: () => ({ exitCode: 1, stderr: 'rm: /var/lib/cni: Read-only file system' }) },
  },
  {
    text: 'rm ended with exit code <n>; the files of <instance> are partly there; boot again',
    values: ['124', 'i-0000000000000077'],
    outcome: '',
    files: otherNode,
    programs: { rm: () => ({ exitCode: 124 }) },
  },
];

const notReadyTexts: TextRow[] = [
  {
    text: "after 300 s: <curl's words>",
    values: ['curl: (7) Failed to connect'],
    command: 'ready',
    nodes: { stderr: 'curl: (7) Failed to connect' },
  },
  { text: 'after 300 s: the API server told nothing of this node', ...says() },
  {
    text: 'after 300 s: the API server says: <its words>',
    values: ['nodes is forbidden'],
    ...says(JSON.stringify({ kind: 'Status', message: 'nodes is forbidden' })),
  },
  {
    text: 'after 300 s: the API server answers "<text>"',
    values: [page],
    ...says(page),
  },
  {
    text: 'after 300 s: the kubelet has not registered',
    ...says(nodeEvent('True', 'other')),
  },
  {
    text: 'after 300 s: the node has no Ready condition',
    ...says(JSON.stringify({ object: { status: { nodeInfo: { bootID: bootId } } } })),
  },
  {
    text: "after 300 s: <the kubelet's words>",
    values: ['cni plugin not initialized'],
    ...says(nodeEvent('False')),
  },
  {
    text: 'after 300 s: the kubelet has no certificate yet (was its request approved?)',
    command: 'ready',
    spoil: (host) => {
      host.remove('/var/lib/kubelet/kubeconfig');
      host.makeFolder('/run/groundup/bootstrap', 0o700);
      host.createFile(bootstrapPath, '', 0o600);
    },
  },
  {
    text: '/var/lib/kubelet/kubeconfig <what is wrong>',
    values: ['is empty'],
    outcome: 'nothing was written',
    command: 'ready',
    spoil: (host) => host.remove('/var/lib/kubelet/kubeconfig'),
  },
  {
    text: '/var/lib/kubelet/node.env: no NODE_NAME',
    outcome: 'nothing was written',
    command: 'ready',
    spoil: (host) => host.remove('/var/lib/kubelet/node.env'),
  },
];

const clockEnd = '; time sync sets it (timedatectl timesync-status)';
const clockBegin = 'the clock of this node is wrong, it says <time>: ';
const clockTexts: TextRow[] = [
  {
    text: `${clockBegin}Secrets Manager answers <code>: <AWS' words>${clockEnd}`,
    values: ['2000-01-01T00:00:12Z', 'RequestTimeTooSkewed', 'The difference is too large'],
    secrets: () => refusal('RequestTimeTooSkewed', 'The difference is too large'),
  },
  {
    text: `${clockBegin}no answer from <address>: <curl's words>${clockEnd}`,
    values: [
      '2000-01-01T00:00:12Z',
      'https://secretsmanager.eu-central-1.amazonaws.com',
      'SSL certificate problem: certificate is not yet valid',
    ],
    secrets: () => ({
      status: 0,
      error: 'SSL certificate problem: certificate is not yet valid',
    }),
  },
];

export const symptomTexts: Record<FailureClass, TextRow[]> = {
  usage: [],
  'user-data': [],
  'secret-missing': [
    {
      text: 'secret <name> not found (<code>)',
      values: [nodeSecret, 'ResourceNotFoundException'],
      ...secretError({ ErrorCode: 'ResourceNotFoundException' }),
    },
    {
      text: 'secret <name> is not in the answer',
      values: [nodeSecret],
      ...answering({ SecretValues: [null, 5, { Name: {} }] }),
    },
  ],
  network: [],
  imds: imdsTexts,
  internal: [
    {
      text: 'internal error: <error>',
      values: ['Error: there is no template 172-20-bridge.conflist'],
      hasTemplates: false,
    },
  ],
  services: [
    {
      text: 'systemctl <verb>: <its words>',
      values: ['restart', 'Unit kubelet.service is masked.'],
      programs: {
        systemctl: () => ({ exitCode: 1, stderr: 'Unit kubelet.service is masked.' }),
      },
    },
    {
      text: 'systemctl <verb>: exit code <n>',
      values: ['restart', '124'],
      programs: { systemctl: () => ({ exitCode: 124 }) },
    },
  ],
  write: writeTexts,
  'secrets-unreachable': unreachableTexts,
  'secret-content': contentTexts,
  'secrets-denied': deniedTexts,
  settings: [
    {
      text: `${settingsPath}: there is no such file; was this image made by groundup?`,
      spoil: (host) => host.remove(settingsPath),
    },
    { text: `${settingsPath}: not JSON`, ...withSettings('{') },
    { text: `${settingsPath}: not an object`, ...withSettings('5') },
    {
      text: `${settingsPath}: <key>: <value> is not <form>`,
      values: ['cluster', '"Prod"', 'a lower-case DNS label of at most 40 characters'],
      ...withSettings('{"cluster": "Prod"}'),
    },
  ],
  'not-ready': notReadyTexts,
  clock: clockTexts,
};
