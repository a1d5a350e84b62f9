// images/worker.yaml -> typed settings, or findings with line, column and remedy.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrors, type Finding } from '../../cloud-init/report.ts';
import { inProject } from '../project/paths.ts';
import { Failure } from '../terminal/failure.ts';
import { nearestWord } from '../../cloud-init/nearest.ts';
import { checkRanges } from './settings-ranges.ts';
import {
  settingKeys,
  settingsSchema,
  settingsTable,
  type BinarySetting,
  type FileSettings,
  type SettingKey,
  type Settings,
} from './settings-table.ts';
import { readYaml, type YamlText } from './yaml-place.ts';

export type { Arch, BinarySetting, Settings } from './settings-table.ts';

export interface SettingsReading {
  /** The file as read from disk, for formatting findings. */
  text: string;
  /** Absent when a finding is an error. */
  settings?: Settings;
  findings: Finding[];
}

export const settingsFile = inProject('images/worker.yaml');

const fromFile = (file: FileSettings): Settings => ({
  cluster: file.cluster,
  kubernetes: file.kubernetes,
  arch: file.arch,
  identity: file.identity,
  nodeName: file['node-name'],
  serviceCidr: file['service-cidr'],
  dnsAddress: file['dns-address'],
  clusterDomain: file['cluster-domain'],
  secretPrefix: file['secret-prefix'],
  kubeProxyMode: file['kube-proxy-mode'],
  cloudInit: file['cloud-init'],
  packages: file.packages,
  images: file.images,
  volumeSizeGib: file['volume-size-gib'],
  binaries: file.binaries as BinarySetting,
});

const unknownKey = (yaml: YamlText, key: string): Finding => {
  const nearest = nearestWord(key.replaceAll('_', '-'), settingKeys);
  const known = `known keys: ${settingKeys.toSorted().join(', ')}`;
  return {
    id: 'unknown-key',
    severity: 'error',
    ...yaml.placeOfKey([key]),
    key,
    message: 'not a setting groundup knows',
    hint: nearest === undefined ? known : `did you mean ${nearest}? ${known}`,
  };
};

const wrongForm = (yaml: YamlText, path: readonly PropertyKey[]): Finding => {
  const key = path[0] as SettingKey;
  const { form, example } = settingsTable[key];
  let value: unknown = yaml.value;
  for (const part of path) value = (value as Record<PropertyKey, unknown>)[part];
  const found = value === undefined || value === null ? 'an empty value' : JSON.stringify(value);
  const isPartOfList = path.length > 1;
  return {
    id: `bad-${key}`,
    severity: 'error',
    ...yaml.placeOfValue(path),
    key,
    message: `${found} ${isPartOfList ? 'does not fit into' : 'is not'} ${form}`,
    hint: hintFor(key, value) ?? `example: ${key}: ${example}`,
  };
};

const hintFor = (key: SettingKey, value: unknown): string | undefined => {
  if (key !== 'kubernetes') return undefined;
  if (typeof value === 'number')
    return 'YAML reads that as a number; all three parts are needed: 1.37.1';
  const bare = /^v(\d+\.\d+\.\d+)$/.exec(String(value))?.[1];
  return bare === undefined ? undefined : `without the v: ${bare}`;
};

/** Checks the text of a settings file. */
export const checkSettings = (text: string): SettingsReading => {
  const yaml = readYaml(text);
  if (yaml.findings.length > 0) return { text, findings: yaml.findings };
  const { value } = yaml;
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    const message = 'the file must be a mapping of settings, key: value';
    const place = { line: 1, column: 1, length: 1 };
    return {
      text,
      findings: [{ id: 'not-a-mapping', severity: 'error', ...place, message, hint: '' }],
    };
  }
  const parsed = settingsSchema.safeParse(value ?? {});
  if (!parsed.success) {
    const findings = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(yaml, key))
        : [wrongForm(yaml, issue.path)],
    );
    return { text, findings };
  }
  const settings = fromFile(parsed.data);
  const findings = checkRanges(settings, yaml);
  return hasErrors(findings) ? { text, findings } : { text, settings, findings };
};

/**
 * Reads and checks a settings file, `images/worker.yaml` unless told otherwise. A missing file is
 * a Failure; whatever stands in the file becomes findings.
 */
export const readSettings = async (file: string = settingsFile): Promise<SettingsReading> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new Failure({ step: 'settings', message: `${path.relative('.', file)}: ${reason}` });
  });
  return checkSettings(text);
};

/** Debian packages to install besides those of the base. */
export const extraPackages = ({ packages, kubeProxyMode }: Settings): string[] => [
  ...packages,
  // kube-proxy and the CNI plugins run these programs in iptables mode only.
  ...(kubeProxyMode === 'iptables' && !packages.includes('iptables') ? ['iptables'] : []),
];

/** What a node needs to know: the object baked as /etc/groundup/settings.json. */
export const nodeSettings = (settings: Settings): Record<string, string> => ({
  cluster: settings.cluster,
  kubernetes: settings.kubernetes,
  identity: settings.identity,
  'node-name': settings.nodeName,
  'service-cidr': settings.serviceCidr,
  'dns-address': settings.dnsAddress,
  'cluster-domain': settings.clusterDomain,
  'secret-prefix': settings.secretPrefix,
  'kube-proxy-mode': settings.kubeProxyMode,
  'cloud-init': settings.cloudInit,
});
