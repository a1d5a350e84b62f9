// One program to be made: its row of the table with version and architecture decided.
import type { BinaryRow, Component } from './binary-table.ts';
import { shortSha256, type Pins } from './pins.ts';
import type { Arch } from './settings-table.ts';
import { Failure } from '../terminal/failure.ts';

export interface BinaryRequest {
  row: BinaryRow;
  component: Component;
  version: string;
  arch: Arch;
}

/** This machine's architecture in Go's and Debian's words. */
export const hostArch = (): Arch => (process.arch === 'arm64' ? 'arm64' : 'amd64');

/** `containerd 2.3.6 amd64`, as messages name it. */
export const labelOf = ({ row, version, arch }: BinaryRequest): string =>
  `${row.name} ${version} ${arch}`;

/** The pinned sha256 of the release file that holds the program; absent when none is pinned. */
export const pinnedSha256 = (pins: Pins, request: BinaryRequest): string | undefined => {
  const { row, version, arch } = request;
  const { component, name } = row;
  if (component === 'packer' || component === 'packer-plugin-qemu') return undefined;
  if (component !== 'kubernetes') return pins[component][version]?.[arch];
  const files = pins.kubernetes[version];
  return files?.[name as keyof typeof files]?.[arch];
};

/** The failure for bytes that are not the pinned ones. */
export const wrongSha256 = (
  label: string,
  component: string,
  found: { want: string; got: string; from: string; isDeleted: boolean },
): Failure => {
  const { want, got, from, isDeleted } = found;
  return new Failure({
    step: 'binaries',
    message: `${label}: sha256 does not match images/pins.yaml`,
    tail: `want ${shortSha256(want)}   got ${shortSha256(got)}   from ${from}${isDeleted ? ', deleted' : ''}`,
    hint: isDeleted
      ? `run again; if it repeats, the download is not the release that was pinned: npm run pins -- verify ${component}`
      : `the file in the mirror is not the release that was pinned: npm run pins -- verify ${component}`,
  });
};
