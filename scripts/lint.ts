// npm run lint: types, linter, format, shell; what test/lint.test.ts runs one by one.
import { linters } from './project/linters.ts';
import { createSteps, runCommand } from './terminal/steps.ts';

await runCommand(async () => {
  const steps = createSteps();
  for (const linter of linters) {
    await steps.run(
      linter.name,
      'running',
      () => linter.run(),
      () => 'ok',
    );
  }
});
