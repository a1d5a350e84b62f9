// The arguments of npm run bench:boot -> what to boot, or what is wrong with them.
import { parseArgs } from 'node:util';
import { coldVolume } from '../lab/cold-volume/model.ts';
import { measureIds } from './measures.ts';
import { variantIds, volumeKinds, type VariantId, type VolumeKind } from './variants.ts';

export const usage = `npm run bench:boot [-- OPTIONS]
  --volume cold|warm|both  volumes to boot from (default both)
  --latency MS             first touch of a block of a cold volume (default ${coldVolume.latencyMs})
  --variants a,c,e         which to boot (default all; with --check: a,c)
  --without all|ID,ID      our image as it is, and without one measure each:
                           ${measureIds.join(', ')}
  --runs N                 boots of each, alternating (default 3)
  --image FILE             our image (default: the last that was built)
  --json FILE              also write every figure there
  --check [FILE]           judge the image by images/budgets.yaml and by the last recorded image`;

export interface BenchOptions {
  volumes: readonly VolumeKind[];
  latencyMs: number;
  chosen: readonly VariantId[];
  runs: number;
  isCheck: boolean;
  imageFile?: string;
  jsonFile?: string;
}

export type Parsed = { options: BenchOptions } | { fault: string } | { isHelp: true };

const read = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      volume: { type: 'string', default: 'both' },
      latency: { type: 'string', default: String(coldVolume.latencyMs) },
      variants: { type: 'string' },
      without: { type: 'string' },
      runs: { type: 'string', default: '3' },
      image: { type: 'string' },
      json: { type: 'string' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });

const isVariant = (id: string): id is VariantId => variantIds.some((known) => known === id);

/** Our image as it is comes first: the others are compared with it. */
const lackingOf = (without: string): readonly VariantId[] | string => {
  const words = without === 'all' ? measureIds : without.split(',');
  const unknown = words.find((word) => !measureIds.some((id) => id === word));
  if (unknown !== undefined) return `--without: ${unknown} is not one of ${measureIds.join(', ')}`;
  return ['ours', ...measureIds.filter((id) => words.includes(id))];
};

/** Never throws for what the user typed. */
export const parseOptions = (args: readonly string[]): Parsed => {
  let parsed: ReturnType<typeof read>;
  try {
    parsed = read(args);
  } catch (error) {
    return { fault: (error as Error).message };
  }
  const { values, positionals } = parsed;
  if (values.help) return { isHelp: true };
  const { volume, latency, runs, check: isCheck } = values;
  const volumes = volumeKinds.filter((kind) => volume === kind || volume === 'both');
  if (volumes.length === 0) return { fault: `--volume ${volume}: not cold, warm or both` };
  if (!/^[1-9]\d{0,3}$/.test(latency))
    return { fault: `--latency ${latency}: not a number of milliseconds from 1 to 9999` };
  if (!/^[1-9]\d?$/.test(runs)) return { fault: `--runs ${runs}: not a number from 1 to 99` };
  const lacking = values.without === undefined ? undefined : lackingOf(values.without);
  if (typeof lacking === 'string') return { fault: lacking };
  if (lacking !== undefined && (isCheck || values.variants !== undefined))
    return { fault: '--without: stands alone, without --variants or --check' };
  const words = (values.variants ?? (isCheck ? 'a,c' : variantIds.join(','))).split(',');
  const unknown = words.find((word) => !isVariant(word));
  if (unknown !== undefined)
    return { fault: `--variants: ${unknown} is not one of ${variantIds.join(', ')}` };
  if (isCheck && !words.includes('c')) return { fault: '--check: (c) is the image to judge' };
  if (positionals.length > (isCheck && values.image === undefined ? 1 : 0))
    return { fault: `${positionals.at(-1)}: not an option` };
  const image = values.image ?? positionals[0];
  return {
    options: {
      volumes,
      latencyMs: Number(latency),
      chosen: lacking ?? words.filter(isVariant),
      runs: Number(runs),
      isCheck,
      ...(image === undefined ? {} : { imageFile: image }),
      ...(values.json === undefined ? {} : { jsonFile: values.json }),
    },
  };
};
