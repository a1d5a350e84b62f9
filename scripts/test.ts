// npm test [-- FILTER...]: the linters, then every test file; closes with `N passed, N failed`.
// npm run test:long [-- FILTER...]: the tests that boot machines of their own for minutes.
import { parseArgs } from 'node:util';
import { findTestFiles, runTests } from '../test/run.ts';
import { ensurePackages } from './setup/packages.ts';
import { imagePackages, labPackages, testPackages } from './setup/packages-table.ts';
import { createSteps, runCommand } from './terminal/steps.ts';
import { projectRoot } from './project/paths.ts';

await runCommand(async () => {
  const options = { long: { type: 'boolean', default: false } } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  process.chdir(projectRoot);
  const files = await findTestFiles(positionals, values.long ? 'long' : 'short');
  await ensurePackages(createSteps(), [...imagePackages, ...labPackages, ...testPackages]);
  return runTests(files);
});
