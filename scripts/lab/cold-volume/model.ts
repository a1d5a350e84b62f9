// What a volume made from a snapshot does: its blocks come from S3 when they are first touched.
// https://docs.aws.amazon.com/ebs/latest/userguide/initalize-volume.html

/** What one fetch brings, whatever was asked for. */
export const blockBytes = 512 * 1024;

export interface VolumeModel {
  /** What the first touch of a block costs; 0 only counts touches. */
  latencyMs: number;
  /** More first touches than these wait for each other. */
  inFlightMax: number;
}

/** A sequential read is as slow as others report of new volumes: docs/lab.md. */
export const coldVolume: VolumeModel = { latencyMs: 60, inFlightMax: 64 };

export const latencyMsMax = 10_000;

export type TouchKind = 'read' | 'write';

/** The first touch of a block that holds data. */
export interface Touch {
  /** Since the volume was attached, just before the machine's start. */
  ms: number;
  block: number;
  kind: TouchKind;
}

export interface VolumeStatistics {
  touchedBytes: number;
  touchedBlocks: number;
  /** All that was read, touched before or not. */
  readBytes: number;
  /** The most fetches that were under way at once. */
  fetchesInFlightMax: number;
}
