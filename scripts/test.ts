// npm test [-- FILTER...]: the linters, then every test file; closes with `N passed, N failed`.
import { parseArgs } from 'node:util';
import { findTestFiles, runTests } from '../test/run.ts';
import { ensurePackages } from './setup/packages.ts';
import { imagePackages, labPackages, testPackages } from './setup/packages-table.ts';
import { createSteps, runCommand } from './terminal/steps.ts';
import { projectRoot } from './project/paths.ts';

await runCommand(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  process.chdir(projectRoot);
  const files = await findTestFiles(positionals);
  await ensurePackages(createSteps(), [...imagePackages, ...labPackages, ...testPackages]);
  return runTests(files);
});
