// The settings of images/worker.yaml as one table: shape, default, form in words, description.
// The reader, the JSON Schema for editors and docs/settings.md all come from it.
import { isIPv4 } from 'node:net';
import path from 'node:path';
import { z } from 'zod';

export type Arch = 'amd64' | 'arm64';
export type BinarySetting = 'auto' | 'release' | 'modules' | `directory:${string}`;

/** What images/worker.yaml says, defaults filled in. */
export interface Settings {
  cluster: string;
  kubernetes: string;
  arch: Arch;
  identity: 'files' | 'tls-bootstrap';
  nodeName: 'instance-id' | 'private-dns-name';
  serviceCidr: string;
  dnsAddress: string;
  clusterDomain: string;
  secretPrefix: string;
  kubeProxyMode: 'nftables' | 'iptables';
  cloudInit: 'deferred' | 'first';
  packages: string[];
  images: string[];
  volumeSizeGib: number;
  binaries: BinarySetting;
}

const dnsLabel = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const dnsName = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const secretPath = /^[A-Za-z0-9_+=.@-]+(?:\/[A-Za-z0-9_+=.@-]+)*$/;
const debianPackage = /^[a-z0-9][a-z0-9+.-]+$/;
const imageReference =
  /^[a-z0-9.-]+(?::[0-9]+)?(?:\/[a-z0-9._-]+)+(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** `10.32.0.0/24` -> its parts; nothing when it is no IPv4 range at all. */
export const parseRange = (text: string): { address: string; prefix: number } | undefined => {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isIPv4(address) || !/^(?:\d|[12]\d|3[0-2])$/.test(prefix))
    return undefined;
  return { address, prefix: Number(prefix) };
};

const isBinarySource = (text: string): boolean =>
  ['auto', 'release', 'modules'].includes(text) ||
  (text.startsWith('directory:') && path.isAbsolute(text.slice('directory:'.length)));

interface SettingRow {
  schema: z.ZodType;
  /** The form in words: `<value> is not <form>`. */
  form: string;
  example: string;
  description: string;
}

const row = <Schema extends z.ZodType>(
  schema: Schema,
  form: string,
  example: string,
  description: string,
) => ({ schema, form, example, description });

/** Every key of images/worker.yaml, in the order of the file. */
export const settingsTable = {
  cluster: row(
    z.string().regex(dnsLabel).max(40).default('k8s-cluster-from-ground-up'),
    'a lower-case DNS label of at most 40 characters',
    'prod-eu-1',
    'Cluster name: first part of every worker name and of the secret names.',
  ),
  kubernetes: row(
    z
      .string()
      .regex(/^\d+\.\d+\.\d+$/)
      .default('1.37.1'),
    'a Kubernetes version of three numbers',
    '1.37.1',
    'Version of kubelet and kube-proxy; one that images/pins.yaml has.',
  ),
  arch: row(
    z.enum(['amd64', 'arm64']).default('amd64'),
    'amd64 or arm64',
    'amd64',
    'CPU architecture of the image.',
  ),
  identity: row(
    z.enum(['files', 'tls-bootstrap']).default('files'),
    'files or tls-bootstrap',
    'tls-bootstrap',
    'Where a node’s certificate comes from: files of a secret, or a request to the API server.',
  ),
  'node-name': row(
    z.enum(['instance-id', 'private-dns-name']).default('instance-id'),
    'instance-id or private-dns-name',
    'private-dns-name',
    'What a node with identity tls-bootstrap is called that user-data gives no name.',
  ),
  'service-cidr': row(
    z
      .string()
      .refine((text) => parseRange(text) !== undefined)
      .default('10.32.0.0/24'),
    'an IPv4 range',
    '10.32.0.0/24',
    'Range of Service addresses, the same as the API server has.',
  ),
  'dns-address': row(
    z.string().refine(isIPv4).default('10.32.0.10'),
    'an IPv4 address',
    '10.32.0.10',
    'Service address of the cluster DNS; inside service-cidr.',
  ),
  'cluster-domain': row(
    z.string().regex(dnsName).max(63).default('cluster.local'),
    'a lower-case DNS name of at most 63 characters',
    'cluster.local',
    'DNS domain of the cluster.',
  ),
  'secret-prefix': row(
    z.string().regex(secretPath).max(100).default('k8s'),
    'a path of letters, digits and _+=.@- without a slash at its ends, at most 100 characters',
    'k8s',
    'Secrets are <secret-prefix>/<cluster>/<name> and <secret-prefix>/<cluster>/shared.',
  ),
  'kube-proxy-mode': row(
    z.enum(['nftables', 'iptables']).default('nftables'),
    'nftables or iptables',
    'nftables',
    'How kube-proxy programs the kernel; iptables also installs the iptables package.',
  ),
  'cloud-init': row(
    z.enum(['deferred', 'first']).default('deferred'),
    'deferred or first',
    'deferred',
    'Whether cloud-init runs after the node services (fast) or before them.',
  ),
  packages: row(
    z.array(z.string().regex(debianPackage)).max(200).default([]),
    'a list of Debian package names',
    '[htop, tcpdump]',
    'More Debian packages to install into the image.',
  ),
  images: row(
    z.array(z.string().regex(imageReference)).max(50).default([]),
    'a list of image references with their registry',
    '[registry.k8s.io/coredns/coredns:v1.14.0]',
    'Container images to put into the image, so that no node pulls them.',
  ),
  'volume-size-gib': row(
    z.int().min(2).max(16_384).default(2),
    'a whole number of GiB from 2 to 16384',
    '2',
    'Size of the root volume.',
  ),
  binaries: row(
    z.string().refine(isBinarySource).default('auto'),
    'auto, release, modules or directory:<absolute path>',
    'auto',
    'Where the binaries come from: the official release, Go modules, or a local mirror.',
  ),
} as const satisfies Record<string, SettingRow>;

export type SettingKey = keyof typeof settingsTable;

export const settingKeys = Object.keys(settingsTable) as SettingKey[];

type Shape = { [Key in SettingKey]: (typeof settingsTable)[Key]['schema'] };

/** The strict schema of the file: kebab-case keys, all optional, nothing else allowed. */
export const settingsSchema = z.strictObject(
  Object.fromEntries(
    settingKeys.map((key) => [key, settingsTable[key].schema]),
  ) as unknown as Shape,
);

/** Settings under their names in the file. */
export type FileSettings = z.output<typeof settingsSchema>;

/** JSON Schema of the file, for editors; `images/worker.schema.json` is this, pretty-printed. */
export const settingsJsonSchema = (): unknown => {
  const properties = Object.fromEntries(
    settingKeys.map((key) => {
      const { schema, form, example, description } = settingsTable[key];
      const { $schema: _, ...shape } = z.toJSONSchema(schema, { io: 'input' });
      return [key, { description: `${description} Form: ${form}, e.g. ${example}.`, ...shape }];
    }),
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'groundup worker image settings',
    type: 'object',
    additionalProperties: false,
    properties,
  };
};

/** The table of docs/settings.md. */
export const settingsMarkdown = (): string => {
  const rows = settingKeys.map((key) => {
    const { schema, form, description } = settingsTable[key];
    return [
      `\`${key}\``,
      `\`${JSON.stringify(schema.parse(undefined)).replaceAll('"', '')}\``,
      `${description} Form: ${form}.`.replaceAll('<', '\\<'),
    ];
  });
  const lines = [['key', 'default', 'meaning and form'], ['---', '---', '---'], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
};
