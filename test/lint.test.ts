// The linters of `npm run lint` are tests: one each.
import { test } from 'uvu';
import { linters } from '../scripts/project/linters.ts';

for (const linter of linters)
  test(linter.name, async () => {
    await linter.run();
  });

test.run();
