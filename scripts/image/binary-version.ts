// A program's file -> the version it says it has, compared with the pin.
import { execa } from 'execa';
import { Failure, tailOf } from '../terminal/failure.ts';
import { hostArch, labelOf, type BinaryRequest } from './binary-request.ts';

const askTimeoutMs = 30_000;

/** The first version of three numbers in a text, with any suffix it has: `v1.2.3-dev` -> `1.2.3-dev`. */
export const firstVersion = (text: string): string | undefined =>
  /(?<![\d.])v?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)/.exec(text)?.[1];

/**
 * Asks the program for its version, and fails when it is another one than pinned. A program for
 * another architecture can't be asked here; it is asked when the image is built.
 */
export const checkVersion = async (request: BinaryRequest, file: string): Promise<void> => {
  const { row, version, arch } = request;
  if (arch !== hostArch()) return;
  const result = await execa(file, [...row.versionArgs], {
    all: true,
    reject: false,
    timeout: askTimeoutMs,
    stdin: 'ignore',
    // A CNI plugin tells its version only when it is not asked to do anything.
    env: { CNI_COMMAND: '' },
  });
  const output = result.all ?? '';
  const found = firstVersion(output);
  if (found === version) return;
  const said = found === undefined ? 'no version' : `version ${found}`;
  throw new Failure({
    step: 'binaries',
    message: `${labelOf(request)}: the program says ${said}`,
    tail: tailOf(output || (result.shortMessage ?? '')),
    hint: `it is not what images/pins.yaml names: npm run pins -- verify ${row.component}`,
  });
};
