// images/pins.yaml -> versions and sha256 per component and architecture.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { formatFindings, type Finding } from '../../cloud-init/report.ts';
import { inProject } from '../project/paths.ts';
import { Failure } from '../terminal/failure.ts';
import { readYaml, type YamlText } from './yaml-place.ts';

export const pinsFile = inProject('images/pins.yaml');

/** The components that images/pins.yaml names, besides the Go toolchain and the pause image. */
export const componentNames = [
  'kubernetes',
  'containerd',
  'runc',
  'cni-plugins',
  'crictl',
  'etcd',
  'packer',
  'packer-plugin-qemu',
] as const;
export type ComponentName = (typeof componentNames)[number];

export const kubernetesNames = [
  'kubelet',
  'kube-proxy',
  'kubectl',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const;

const version = z.string().regex(/^\d+\.\d+\.\d+$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const perArch = z.strictObject({ amd64: sha256, arm64: sha256 });
const archiveVersions = z.record(version, perArch);
const unpinnedVersions = z.record(version, z.strictObject({}));

const pinsSchema = z.strictObject({
  go: version,
  kubernetes: z.record(
    version,
    z.strictObject(
      Object.fromEntries(kubernetesNames.map((name) => [name, perArch])) as Record<
        (typeof kubernetesNames)[number],
        typeof perArch
      >,
    ),
  ),
  containerd: archiveVersions,
  runc: archiveVersions,
  'cni-plugins': archiveVersions,
  crictl: archiveVersions,
  etcd: archiveVersions,
  packer: unpinnedVersions,
  'packer-plugin-qemu': unpinnedVersions,
  pause: z.record(version, z.strictObject({ index: z.string().regex(/^sha256:[0-9a-f]{64}$/) })),
});

/** The file's content, as it stands there. */
export type Pins = z.output<typeof pinsSchema>;

const messageOf = (issue: z.core.$ZodIssue): string => {
  const key = String(issue.path.at(-1) ?? '');
  if (issue.code === 'unrecognized_keys') return `not known here: ${issue.keys.join(', ')}`;
  if (issue.code === 'invalid_key') return `${key} is not a version of three numbers`;
  if (key === 'amd64' || key === 'arm64') return 'not a sha256 of 64 lower-case hex digits';
  if (key === 'index') return 'not a digest: sha256: and 64 lower-case hex digits';
  if (key === 'go') return 'not a version of three numbers';
  return 'a mapping with every required key is expected';
};

const singleVersionFindings = (yaml: YamlText, pins: Pins): Finding[] =>
  ([...componentNames, 'pause'] as const)
    .filter((name) => {
      const count = Object.keys(pins[name]).length;
      return name === 'kubernetes' ? count === 0 : count !== 1;
    })
    .map((name) => ({
      id: 'version-count',
      severity: 'error',
      ...yaml.placeOfKey([name]),
      key: name,
      message: `${Object.keys(pins[name]).length} versions, expected ${name === 'kubernetes' ? 'at least one' : 'one'}`,
      hint: '',
    }));

/** Checks the text of a pins file. */
export const checkPins = (text: string): { pins?: Pins; findings: Finding[] } => {
  const yaml = readYaml(text);
  if (yaml.findings.length > 0) return { findings: yaml.findings };
  const parsed = pinsSchema.safeParse(yaml.value);
  if (!parsed.success) {
    const findings = parsed.error.issues.map((issue): Finding => {
      const isKeyFault = issue.code === 'unrecognized_keys';
      const path = isKeyFault ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
      const place = isKeyFault ? yaml.placeOfKey(path) : yaml.placeOfValue(path);
      const message = messageOf(issue);
      const key = issue.path.length === 0 ? {} : { key: issue.path.join('.') };
      return { id: 'bad-pin', severity: 'error', ...place, ...key, message, hint: '' };
    });
    return { findings };
  }
  const findings = singleVersionFindings(yaml, parsed.data);
  return findings.length > 0 ? { findings } : { pins: parsed.data, findings };
};

/** Reads `images/pins.yaml`; a fault in it is a Failure that lists the findings. */
export const readPins = async (file: string = pinsFile): Promise<Pins> => {
  const text = await readFile(file, 'utf8');
  const { pins, findings } = checkPins(text);
  if (pins) return pins;
  const name = path.relative('.', file);
  throw new Failure({
    step: 'pins',
    message: `${name}: ${findings.length} ${findings.length === 1 ? 'error' : 'errors'}`,
    tail: formatFindings(name, text, findings),
  });
};

/** The version of a component; Kubernetes has several, of which the settings choose one. */
export const pinnedVersion = (
  pins: Pins,
  component: Exclude<ComponentName, 'kubernetes'> | 'pause',
): string => {
  const [version] = Object.keys(pins[component]);
  if (version === undefined) throw new Error(`images/pins.yaml: no version of ${component}`);
  return version;
};

/** `df806bb9…69b762`: enough of a sha256 to compare by eye. */
export const shortSha256 = (sha256: string): string => `${sha256.slice(0, 8)}…${sha256.slice(-6)}`;
