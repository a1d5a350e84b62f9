// What makes a boot of our image fast, one by one; without.sh undoes each on a copy of it.
import { readFile } from 'node:fs/promises';
import { inProject } from '../project/paths.ts';

export const measureIds = [
  'read-ahead',
  'programs',
  'system',
  'kube-proxy',
  'cloud-init',
  'devices',
  'units',
  'modules',
] as const;
export type MeasureId = (typeof measureIds)[number];

export interface Measure {
  text: string;
  /** What somebody has to read to understand it, relative to the project. */
  files: readonly string[];
}

const rootfs = (file: string): string => `images/rootfs/${file}`;
const unit = (name: string): string => rootfs(`etc/systemd/system/${name}`);
const provision = (name: string): string => `images/provision/${name}`;

export const measures: Record<MeasureId, Measure> = {
  'read-ahead': {
    text: 'read ahead from the first moment',
    files: [
      rootfs('usr/lib/groundup/init'),
      rootfs('usr/lib/groundup/read-ranges'),
      provision('read-ahead-ranges'),
    ],
  },
  programs: {
    text: "the node's programs compressed",
    files: ['scripts/image/programs-image.ts', unit('usr-lib-groundup-programs.mount')],
  },
  system: {
    text: "Debian's programs and libraries compressed",
    files: [provision('65-compress.sh'), unit('usr-lib-groundup-system.mount')],
  },
  'kube-proxy': {
    text: 'kube-proxy after Ready',
    files: [
      'cloud-init/kube-proxy.ts',
      unit('groundup-read-kube-proxy.service'),
      provision('kube-proxy-files.txt'),
    ],
  },
  'cloud-init': {
    text: 'cloud-init after Ready',
    files: [
      rootfs('usr/lib/groundup/deferred-cloud-init'),
      unit('groundup-cloud-init.service'),
      provision('60-cloud-init.sh'),
    ],
  },
  devices: {
    text: 'devices that a node does not need after Ready',
    files: [unit('systemd-udev-trigger.service.d/groundup.conf')],
  },
  units: {
    text: 'units and generators masked',
    files: [
      provision('40-slim.sh'),
      provision('masked-units.txt'),
      provision('masked-generators.txt'),
    ],
  },
  modules: {
    text: 'modules that no worker uses not loaded',
    files: [rootfs('etc/modprobe.d/groundup-unused.conf')],
  },
};

/** What a measure costs beside what it saves. */
export interface MeasureCost {
  /** Of the image; less than none where it saves. */
  imageMib: number;
  /** Of processor time at each boot, on the machine of the benchmark; absent where nothing runs for it. */
  cpuMs?: number;
  /** Of its files. */
  lines: number;
}

/** `word number` in each line. */
const numbersIn = (printed: string): Map<string, number> =>
  new Map(
    Array.from(printed.matchAll(/^(\S+) (\d+)$/gm), ([, word = '', number]) => [
      word,
      Number(number),
    ]),
  );

const linesOf = async ({ files }: Measure): Promise<number> => {
  const texts = await Promise.all(files.map((file) => readFile(inProject(file), 'utf8')));
  return texts.join('').split('\n').length - 1;
};

/**
 * What without.sh and native-cost.sh printed of their disks, by the name of the variant -> costs, of the measures
 * that were undone.
 */
export const costsOf = async (
  printed: ReadonlyMap<string, string>,
): Promise<Partial<Record<MeasureId, MeasureCost>>> => {
  const ours = numbersIn(printed.get('ours') ?? '');
  const usedOf = (numbers: Map<string, number>): number =>
    (numbers.get('used') ?? Number.NaN) / 1024 ** 2;
  const rows = measureIds
    .filter((id) => printed.has(id))
    .map(async (id) => {
      const cpuMs = ours.get(id);
      const cost: MeasureCost = {
        imageMib: usedOf(ours) - usedOf(numbersIn(printed.get(id) ?? '')),
        ...(cpuMs === undefined ? {} : { cpuMs }),
        lines: await linesOf(measures[id]),
      };
      return [id, cost] as const;
    });
  return Object.fromEntries(await Promise.all(rows));
};
