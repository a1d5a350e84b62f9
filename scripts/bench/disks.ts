// The built image and a stock Debian -> the disk of each variant that is to be booted.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { prepareBinaries } from '../image/binaries.ts';
import { namesOf, nodeBinaries } from '../image/binary-table.ts';
import { readPins } from '../image/pins.ts';
import type { Settings } from '../image/settings.ts';
import type { Lab } from '../lab/lab.ts';
import type { Steps } from '../terminal/steps.ts';
import { measureBoot } from './boot.ts';
import { changedDisk, type Edit } from './changed-disk.ts';
import { captureScript, type Captured } from './prewritten.ts';
import { prepareStockDisk } from './stock-disk.ts';
import { variants, type VariantId } from './variants.ts';

const prepareStock = async (settings: Settings, steps: Steps): Promise<string> => {
  const names = namesOf(nodeBinaries);
  const binaries = await prepareBinaries({ names, settings, pins: await readPins(), steps });
  return steps.run(
    'stock',
    'a Debian 13 as its cloud images are',
    () => prepareStockDisk(binaries),
    () => 'Debian 13, nothing left out, an initrd, the same programs',
  );
};

/** Boots ours once to learn what its agent writes; that is what the others get beforehand. */
const capture = async (lab: Lab, imageFile: string): Promise<Captured> => {
  let archive = Buffer.alloc(0);
  const { sshUser } = variants.c;
  const options = { imageFile, sshUser, volume: 'warm', latencyMs: 0 } as const;
  await measureBoot(lab, options, async ({ address }) => {
    const { stdout } = await lab.ssh(address, captureScript, 60_000);
    archive = Buffer.from(stdout, 'base64');
  });
  const sshPublicKey = (await readFile(path.join(lab.folder, 'ssh-key.pub'), 'utf8')).trim();
  return { archive, sshPublicKey };
};

export interface DiskOptions {
  /** An empty folder; the disks are for this lab alone. */
  folder: string;
  ours: string;
  settings: Settings;
  chosen: readonly VariantId[];
}

/** What they print is for measures.ts. */
const editsOf = (id: VariantId): Edit[] => {
  const { lacks } = variants[id];
  if (lacks !== undefined) return [['scripts/bench/without.sh', lacks]];
  return id === 'ours' ? [['scripts/bench/native-cost.sh']] : [];
};

export interface Disk {
  file: string;
  /** What the scripts that changed it printed. */
  printed: string;
}

/** Variant -> its disk, for those that were chosen. */
export const prepareDisks = async (
  lab: Lab,
  { folder, ours, settings, chosen }: DiskOptions,
  steps: Steps,
): Promise<Map<VariantId, Disk>> => {
  const needsStock = chosen.some((id) => variants[id].disk === 'stock');
  const disks = { ours, stock: needsStock ? await prepareStock(settings, steps) : '' };
  const made = new Map<VariantId, Disk>();
  const isAsBuilt = (id: VariantId) =>
    variants[id].overlay === undefined && editsOf(id).length === 0;
  if (chosen.every(isAsBuilt)) {
    for (const id of chosen) made.set(id, { file: ours, printed: '' });
    return made;
  }
  await steps.run(
    'disks',
    'one boot of ours, then the others from what it wrote',
    async () => {
      const captured = await capture(lab, ours);
      for (const id of chosen) {
        const { disk, overlay = async () => {} } = variants[id];
        const file = path.join(folder, `${id}.raw`);
        const change = {
          overlay: (root: string) => overlay(root, captured),
          edits: editsOf(id),
        };
        const asBuilt = { file: disks[disk], printed: '' };
        made.set(
          id,
          isAsBuilt(id) ? asBuilt : { file, printed: await changedDisk(disks[disk], file, change) },
        );
      }
    },
    () => `${[...made.keys()].map((id) => `(${id})`).join(' ')} hold what an agent wrote`,
  );
  return made;
};
