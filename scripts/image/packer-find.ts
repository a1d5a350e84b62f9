// PATH -> a Packer that is new enough for our templates, if the user has one.
import { execa } from 'execa';

/** Our templates use nothing newer; the qemu plugin asks for it. */
const versionMin = [1, 10] as const;

export interface PackerProgram {
  file: string;
  version: string;
}

/** `Packer v1.16.0` and what older ones print before it -> `1.16.0`. */
export const parsePackerVersion = (output: string): string | undefined =>
  /Packer v(\d+\.\d+\.\d+)/.exec(output)?.[1];

export const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > versionMin[0] || (major === versionMin[0] && minor >= versionMin[1]);
};

/** Undefined when there is none, or an old one, or another program of that name. */
export const findPacker = async (): Promise<PackerProgram | undefined> => {
  const { stdout } = await execa('packer', ['version'], {
    reject: false,
    timeout: 10_000,
    stdin: 'ignore',
    env: { CHECKPOINT_DISABLE: '1' },
  });
  const version = parsePackerVersion(stdout ?? '');
  return version !== undefined && isNewEnough(version) ? { file: 'packer', version } : undefined;
};
