// A property, a number of runs, a seed -> nothing, or the smallest input found that breaks it.
import fc from 'fast-check';
import { propertyOf } from './properties.ts';

export interface Broken {
  property: string;
  /** The smallest found, as JSON. */
  input: unknown;
  message: string;
  seed: number;
  /** fast-check's way to it. */
  path: string;
}

export interface Try {
  property: string;
  runs: number;
  seed: number;
  path?: string;
}

/** The same seed tries the same inputs. Throws for an unknown property. */
export const tryProperty = ({ property, runs, seed, path }: Try): Broken | undefined => {
  const row = propertyOf(property);
  if (row === undefined) throw new Error(`there is no property ${property}`);
  const result = fc.check(
    fc.property(row.input, (input) => row.check(input)),
    { numRuns: runs, seed, ...(path === undefined ? {} : { path }) },
  );
  if (!result.failed) return undefined;
  const [input] = result.counterexample ?? [];
  const { errorInstance, counterexamplePath } = result;
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { property, input, message, seed: result.seed, path: counterexamplePath ?? '' };
};
