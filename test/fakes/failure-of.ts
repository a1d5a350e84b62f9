// Work that must fail -> its failure as the user reads it.
import { Failure } from '../../scripts/terminal/failure.ts';
import { formatFailure } from '../../scripts/terminal/steps.ts';

/** The text of the Failure that `work` ends with; any other end is a fault of the test's subject. */
export const failureOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return formatFailure(error);
    throw error;
  }
  throw new Error('expected a failure');
};
