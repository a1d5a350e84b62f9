// The ways to a Ready node that are compared, and the volumes that they boot from.
import { overlayNodeadm } from './nodeadm-way.ts';
import { measureIds, measures, type MeasureId } from './measures.ts';
import {
  overlayLogin,
  overlayPlain,
  overlaySeed,
  overlaySlim,
  type Captured,
} from './prewritten.ts';

export const variantIds = ['a', 'b', 'c', 'd', 'e'] as const;

/** Our image as it is, and without one measure each; `--without` boots these. */
export const lackingIds = ['ours', ...measureIds] as const;
export const allVariantIds = [...variantIds, ...lackingIds] as const;
export type VariantId = (typeof allVariantIds)[number];

/** Warm: every block is there. Cold: a block's first touch waits, as on a volume of a snapshot. */
export const volumeKinds = ['warm', 'cold'] as const;
export type VolumeKind = (typeof volumeKinds)[number];

export interface Variant {
  text: string;
  disk: 'ours' | 'stock';
  /** Files over the disk, from what a configured worker has. */
  overlay?: (root: string, captured: Captured) => Promise<void>;
  /** What is undone on it. */
  lacks?: MeasureId;
  /** Who logs in afterwards to read the figures. */
  sshUser: 'root' | 'debian';
}

/** Where cloud-init does not wait, it has the machine's logins in its hands; elsewhere it would delay them. */
const lacking = (lacks?: MeasureId): Variant => ({
  text: lacks === undefined ? 'our image as it is' : `without: ${measures[lacks].text}`,
  disk: 'ours',
  ...(lacks === 'cloud-init' ? {} : { overlay: overlayLogin }),
  ...(lacks === undefined ? {} : { lacks }),
  sshUser: lacks === 'cloud-init' ? 'debian' : 'root',
});

export const variants: Record<VariantId, Variant> = {
  a: {
    text: 'plain floor: stock Debian, everything pre-written, no cloud-init',
    disk: 'stock',
    overlay: overlayPlain,
    sshUser: 'root',
  },
  b: {
    text: 'slim floor: our image, everything pre-written, agent off',
    disk: 'ours',
    overlay: overlaySlim,
    sshUser: 'root',
  },
  c: { text: 'ours: our image, first boot', disk: 'ours', sshUser: 'debian' },
  d: {
    text: "stock Debian, the manual procedure's shell in cloud-init runcmd",
    disk: 'stock',
    overlay: overlaySeed,
    sshUser: 'debian',
  },
  e: {
    text: "stock Debian, nodeadm's way: files before cloud-init, start after it, two binaries pre-read",
    disk: 'stock',
    overlay: overlayNodeadm,
    sshUser: 'debian',
  },
  ours: lacking(),
  'read-ahead': lacking('read-ahead'),
  programs: lacking('programs'),
  system: lacking('system'),
  'kube-proxy': lacking('kube-proxy'),
  'cloud-init': lacking('cloud-init'),
  devices: lacking('devices'),
  units: lacking('units'),
  modules: lacking('modules'),
};

/** What a round boots, in this order. */
export interface Planned {
  variant: VariantId;
  volume: VolumeKind;
}

/** Each variant on each volume, one right after the other: their difference is a figure. */
export const planOf = (
  chosen: readonly VariantId[],
  volumes: readonly VolumeKind[],
): readonly Planned[] =>
  allVariantIds
    .filter((id) => chosen.includes(id))
    .flatMap((variant) =>
      volumeKinds
        .filter((kind) => volumes.includes(kind))
        .map((volume): Planned => ({ variant, volume })),
    );

/** For a verdict on an image: the floor is only what its warm boot is compared with. */
export const isNeededForCheck = ({ variant, volume }: Planned): boolean =>
  variant === 'c' || volume === 'warm';
