// The ways to a Ready node that are compared, and the volumes that they boot from.
import { overlayNodeadm } from './nodeadm-way.ts';
import { overlayPlain, overlaySeed, overlaySlim, type Captured } from './prewritten.ts';

export const variantIds = ['a', 'b', 'c', 'd', 'e'] as const;
export type VariantId = (typeof variantIds)[number];

/** Warm: every block is there. Cold: a block's first touch waits, as on a volume of a snapshot. */
export const volumeKinds = ['warm', 'cold'] as const;
export type VolumeKind = (typeof volumeKinds)[number];

export interface Variant {
  text: string;
  disk: 'ours' | 'stock';
  /** Files over the disk, from what a configured worker has. */
  overlay?: (root: string, captured: Captured) => Promise<void>;
  /** Who logs in afterwards to read the figures. */
  sshUser: 'root' | 'debian';
}

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
  variantIds
    .filter((id) => chosen.includes(id))
    .flatMap((variant) =>
      volumeKinds
        .filter((kind) => volumes.includes(kind))
        .map((volume): Planned => ({ variant, volume })),
    );

/** For a verdict on an image: the floor is only what its warm boot is compared with. */
export const isNeededForCheck = ({ variant, volume }: Planned): boolean =>
  variant === 'c' || volume === 'warm';
