// Settings, pins and what the image bakes, against images/compatibility.yaml -> findings with reason
// and source for what does not go together.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Finding } from '../../cloud-init/report.ts';
import { inProject } from '../project/paths.ts';
import { componentNames, type Pins } from './pins.ts';
import { settingKeys, type Settings } from './settings-table.ts';
import { isInRange, rangePattern } from './version-range.ts';
import { readYaml } from './yaml-place.ts';

const range = z.string().regex(rangePattern);
const common = { id: z.string(), kubernetes: range, reason: z.string(), source: z.url() };

const ruleSchema = z.union([
  z.strictObject({ ...common, component: z.enum(componentNames), versions: range }),
  z.strictObject({
    ...common,
    setting: z.enum(settingKeys as [string, ...string[]]),
    refuses: z.string(),
  }),
  z.strictObject({ ...common, cgroup: z.enum(['v1', 'v2']) }),
  z.strictObject({
    ...common,
    program: z.enum(['kubelet', 'kube-proxy']),
    flag: z.string().startsWith('--'),
    instead: z.string(),
  }),
]);

export type CompatibilityRule = z.output<typeof ruleSchema>;

/** What the image bakes, as far as the rules look at it. */
export interface ImageFacts {
  /** Debian 13 mounts cgroup v2 only. */
  cgroup: 'v1' | 'v2';
  /** Flags in the ExecStart of the baked units, e.g. `--config`. */
  flags: Record<'kubelet' | 'kube-proxy', readonly string[]>;
}

/** Reads `images/compatibility.yaml`; it is ours, so a fault in it is a bug. */
export const readRules = async (
  file: string = inProject('images/compatibility.yaml'),
): Promise<CompatibilityRule[]> => {
  const yaml = readYaml(await readFile(file, 'utf8'));
  return z.array(ruleSchema).parse(yaml.value);
};

/** `ExecStart=… --config=x \` -> the flags' names. */
export const flagsOfUnit = (text: string): string[] =>
  text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.startsWith('ExecStart='))
    .flatMap((line) => line.match(/(?<=\s)--[\w-]+/g) ?? []);

const readFlags = async (name: string): Promise<string[]> =>
  flagsOfUnit(
    await readFile(inProject(`images/rootfs/etc/systemd/system/${name}.service`), 'utf8'),
  );

/** What this checkout bakes. */
export const readImageFacts = async (): Promise<ImageFacts> => ({
  cgroup: 'v2',
  flags: { kubelet: await readFlags('kubelet'), 'kube-proxy': await readFlags('kube-proxy') },
});

export interface CompatibilityInputs {
  settings: Settings;
  /** Text of the settings file, for line and column. */
  text: string;
  pins: Pins;
  rules: readonly CompatibilityRule[];
  image: ImageFacts;
}

const fileKeyValue = (settings: Settings, key: string): string => {
  const name = key.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return String(settings[name as keyof Settings]);
};

interface Clash {
  /** The settings key it is shown at. */
  key: string;
  message: string;
  remedy: string;
}

const findClash = (rule: CompatibilityRule, inputs: CompatibilityInputs): Clash | undefined => {
  const { settings, pins, image } = inputs;
  const subject = `Kubernetes ${settings.kubernetes}`;
  if ('component' in rule) {
    const [version = ''] =
      rule.component === 'kubernetes' ? [settings.kubernetes] : Object.keys(pins[rule.component]);
    if (isInRange(version, rule.versions)) return undefined;
    const message = `${subject} needs ${rule.component} ${rule.versions}, images/pins.yaml has ${version}`;
    return {
      key: 'kubernetes',
      message,
      remedy: `npm run pins -- bump ${rule.component} <version>`,
    };
  }
  if ('setting' in rule) {
    if (fileKeyValue(settings, rule.setting) !== rule.refuses) return undefined;
    const message = `${rule.refuses} does not go with ${subject}`;
    return { key: rule.setting, message, remedy: `set ${rule.setting} to another value` };
  }
  if ('cgroup' in rule) {
    if (image.cgroup === rule.cgroup) return undefined;
    const message = `${subject} needs cgroup ${rule.cgroup}, the image has ${image.cgroup}`;
    return { key: 'kubernetes', message, remedy: 'choose an older Kubernetes version' };
  }
  if (!image.flags[rule.program].includes(rule.flag)) return undefined;
  const message = `${subject}: ${rule.program} does not know ${rule.flag} any more`;
  return {
    key: 'kubernetes',
    message,
    remedy: `take it out of the unit; instead: ${rule.instead}`,
  };
};

/** Everything that does not go together; each finding names the reason and where it is written. */
export const checkCompatibility = (inputs: CompatibilityInputs): Finding[] => {
  const { settings, text, pins, rules } = inputs;
  const yaml = readYaml(text);
  const known = Object.keys(pins.kubernetes);
  if (!known.includes(settings.kubernetes)) {
    return [
      {
        id: 'unpinned-kubernetes',
        severity: 'error',
        ...yaml.placeOfValue(['kubernetes']),
        key: 'kubernetes',
        message: `images/pins.yaml has no ${settings.kubernetes}, it has ${known.join(', ')}`,
        hint: `npm run pins -- bump kubernetes ${settings.kubernetes}`,
      },
    ];
  }
  return rules
    .filter((rule) => isInRange(settings.kubernetes, rule.kubernetes))
    .flatMap((rule): Finding[] => {
      const clash = findClash(rule, inputs);
      if (!clash) return [];
      return [
        {
          id: rule.id,
          severity: 'error',
          ...yaml.placeOfValue([clash.key]),
          key: clash.key,
          message: `${clash.message}: ${rule.reason}`,
          hint: `${clash.remedy} (${rule.source})`,
        },
      ];
    });
};

/** `checkCompatibility` with this checkout's rules and units. */
export const findIncompatibilities = async (
  inputs: Pick<CompatibilityInputs, 'settings' | 'text' | 'pins'>,
): Promise<Finding[]> =>
  checkCompatibility({ ...inputs, rules: await readRules(), image: await readImageFacts() });
