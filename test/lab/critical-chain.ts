// What systemd knows of its units -> the chain of those that a unit had to wait for, as
// `systemd-analyze critical-chain` draws it; that one gives no answer while anything still starts.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { inProject } from '../../scripts/project/paths.ts';

const reasons = z.record(z.string(), z.string());
const shape = z.object({ all: reasons }).catchall(reasons);

/** Unit -> what it may wait for -> why; `all` holds for each. */
export const readCriticalChain = async (): Promise<z.infer<typeof shape>> =>
  shape.parse(parse(await readFile(inProject('images/critical-chain.yaml'), 'utf8')));

export interface UnitTimes {
  after: string[];
  /** Microseconds since the kernel started, when it was active; 0: never. */
  activeMicroseconds: number;
}

/** Prints every unit that is in memory; must run on the node. */
export const unitTimesScript =
  "systemctl show --property=Id,After,ActiveEnterTimestampMonotonic '*'";

/** Output of `unitTimesScript`: blocks of `Name=value`, an empty line between two. */
export const parseUnitTimes = (output: string): Map<string, UnitTimes> => {
  const units = new Map<string, UnitTimes>();
  for (const block of output.split(/\n{2,}/)) {
    const valueOf = (key: string): string =>
      new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
    if (valueOf('Id') === '') continue;
    units.set(valueOf('Id'), {
      after: valueOf('After').split(' '),
      activeMicroseconds: Number(valueOf('ActiveEnterTimestampMonotonic')),
    });
  }
  return units;
};

/** `unit` first, then what it waited for longest, what that waited for, and so on. */
export const chainOf = (units: ReadonlyMap<string, UnitTimes>, unit: string): string[] => {
  const chain: string[] = [];
  const activeOf = (name: string): number => units.get(name)?.activeMicroseconds ?? 0;
  let next: string | undefined = unit;
  while (next !== undefined && !chain.includes(next)) {
    chain.push(next);
    const endedBefore = activeOf(next);
    next = (units.get(next)?.after ?? [])
      .filter((name) => activeOf(name) > 0 && (endedBefore === 0 || activeOf(name) <= endedBefore))
      .toSorted((one, other) => activeOf(other) - activeOf(one))[0];
  }
  return chain;
};
