// Steps that keep their lines for a test to read.
import { createSteps, type Steps } from '../../scripts/terminal/steps.ts';

/** Elapsed times at the end of a line change from run to run. */
const elapsed = /\s+\d+(?:m\d\d|\.\d)s(?=\s|$)/;

export const recordSteps = (): { steps: Steps; lines: string[] } => {
  const lines: string[] = [];
  const steps = createSteps({
    write: (text) => {
      if (text !== '') lines.push(text.trimEnd().replace(elapsed, ''));
    },
  });
  return { steps, lines };
};
