// images/pins.yaml -> what is wrong with it: each pin against the download in the cache and against
// the sum that the project itself publishes. What could not be asked is said, not passed over.
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { entryFolder, sha256OfFile } from '../cache/entry.ts';
import type { Steps } from '../terminal/steps.ts';
import { HostUnreachable, type HostBases } from './download.ts';
import { fetchSum } from './pin-checksums.ts';
import { pinnedFiles, type PinnedFile } from './pin-files.ts';
import { shortSha256, type ComponentName, type Pins } from './pins.ts';

interface FileVerdict {
  file: PinnedFile;
  /** The download in the cache: whole, wrong (and deleted), or not there. */
  download: 'whole' | 'wrong' | 'none';
  /** Why the official sum could not be asked for. */
  unreachable?: string;
  /** What is wrong, for the user. */
  faults: string[];
}

const checkDownload = async (
  file: PinnedFile,
): Promise<{ download: FileVerdict['download']; fault?: string }> => {
  const folder = entryFolder('downloads', file.sha256);
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.'));
  const [name] = names;
  if (name === undefined) return { download: 'none' };
  const got = await sha256OfFile(path.join(folder, name));
  if (got === file.sha256) return { download: 'whole' };
  await rm(folder, { recursive: true, force: true });
  const fault = `${file.label}: want ${shortSha256(file.sha256)}   got ${shortSha256(got)}   from out of cache, deleted`;
  return { download: 'wrong', fault };
};

/** Asks each host until it fails to answer once. */
const sumAsker = (bases: HostBases) => {
  const silent = new Map<string, string>();
  return async (file: PinnedFile): Promise<{ unreachable?: string; fault?: string }> => {
    const { host } = new URL(file.checksumUrl);
    const known = silent.get(host);
    if (known !== undefined) return { unreachable: known };
    try {
      const published = await fetchSum(file, bases);
      if (published === file.sha256) return {};
      return {
        fault: `${file.label}: pinned ${shortSha256(file.sha256)}   published ${shortSha256(published)}   at ${host}`,
      };
    } catch (error) {
      if (!(error instanceof HostUnreachable)) throw error;
      silent.set(host, error.message);
      return { unreachable: error.message };
    }
  };
};

const verifyFile = async (
  file: PinnedFile,
  ask: ReturnType<typeof sumAsker>,
): Promise<FileVerdict> => {
  const { download, fault: downloadFault } = await checkDownload(file);
  const { unreachable, fault: sumFault } = await ask(file);
  const faults = [downloadFault, sumFault].filter((fault) => fault !== undefined);
  return { file, download, faults, ...(unreachable === undefined ? {} : { unreachable }) };
};

const describe = (verdicts: readonly FileVerdict[]): string => {
  const asked = verdicts.filter(({ unreachable }) => unreachable === undefined);
  const agree = asked.filter(({ faults }) => faults.length === 0);
  const whole = verdicts.filter(({ download }) => download === 'whole');
  const reasons = [...new Set(verdicts.flatMap(({ unreachable }) => unreachable ?? []))];
  const published =
    asked.length === 0
      ? `published sums not asked for (${reasons.join('; ')})`
      : `${agree.length} of ${verdicts.length} agree with the published sums`;
  const some = asked.length > 0 && reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  return `${published}${some}, ${whole.length} of ${verdicts.length} in the cache and whole`;
};

/** Prints a line per version; returns 0 (all agree), 1 (a fault) or 3 (some could not be asked). */
export const verifyPins = async (
  pins: Pins,
  only: ComponentName | undefined,
  steps: Steps,
  bases: HostBases = {},
): Promise<number> => {
  const ask = sumAsker(bases);
  const files = pinnedFiles(pins, only);
  const titles = [...new Set(files.map(({ component, version }) => `${component} ${version}`))];
  const verdicts: FileVerdict[] = [];
  for (const title of titles) {
    const members = files.filter((file) => `${file.component} ${file.version}` === title);
    const found: FileVerdict[] = [];
    for (const file of members) found.push(await verifyFile(file, ask));
    steps.line('pins', `${title}: ${describe(found)}`);
    for (const fault of found.flatMap(({ faults }) => faults)) steps.line('', fault);
    verdicts.push(...found);
  }
  if (files.length === 0) steps.line('pins', `${only}: no release file is pinned, go.sum pins it`);
  if (verdicts.some(({ faults }) => faults.length > 0)) return 1;
  return verdicts.some(({ unreachable }) => unreachable !== undefined) ? 3 : 0;
};
