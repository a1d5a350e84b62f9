// Test files -> one closing line `N passed, N failed`; zero tests, anywhere, is a failure.
// uvu exits 0 for a file that forgot `.run()` and for a pattern that matches nothing, so each file
// runs in a process of its own and its totals are read back.
import { execa } from 'execa';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import { inProject, projectRoot } from '../scripts/project/paths.ts';
import { formatElapsed } from '../scripts/terminal/steps.ts';

export interface FileResult {
  file: string;
  passed: number;
  failed: number;
  elapsedMs: number;
  output: string;
}

const totalsOf = (output: string, exitCode: number): { passed: number; failed: number } => {
  const total = Number(/^\s*Total:\s+(\d+)/m.exec(output)?.[1] ?? 0);
  const passed = Number(/^\s*Passed:\s+(\d+)/m.exec(output)?.[1] ?? 0);
  const skipped = Number(/^\s*Skipped:\s+(\d+)/m.exec(output)?.[1] ?? 0);
  const failed = total - passed - skipped;
  // A file that ran nothing, or died after its last test, counts as one failure.
  return { passed, failed: failed === 0 && (total === 0 || exitCode !== 0) ? 1 : failed };
};

/** Runs one test file; never throws for a failing test. */
export const runTestFile = async (file: string, timeoutMs: number): Promise<FileResult> => {
  const startedMs = performance.now();
  const result = await execa(process.execPath, [file], {
    all: true,
    reject: false,
    timeout: timeoutMs,
    forceKillAfterDelay: 30_000,
    stdin: 'ignore',
    env: { FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  const exitCode = result.exitCode ?? 1;
  const output = result.timedOut
    ? `${result.all}\ngave up after ${formatElapsed(timeoutMs)}`
    : result.all;
  const elapsedMs = performance.now() - startedMs;
  return { file, ...totalsOf(output, exitCode), elapsedMs, output };
};

/** Tests that boot a machine of their own for minutes run apart: `*.long.test.ts`. */
export type TestLength = 'short' | 'long';

const lengthOf = (file: string): TestLength => (file.endsWith('.long.test.ts') ? 'long' : 'short');

/** The test files below `test/` whose path contains one of `filters` (all without a filter). */
export const findTestFiles = async (
  filters: readonly string[],
  length: TestLength,
): Promise<string[]> => {
  const files: string[] = [];
  for await (const file of glob('test/**/*.test.ts', { cwd: projectRoot })) files.push(file);
  return files
    .filter((file) => lengthOf(file) === length)
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .toSorted();
};

/** The long ones cut a machine's power some thirty times, and boot it twice for each. */
const fileTimeoutMs: Record<TestLength, number> = { short: 30 * 60_000, long: 75 * 60_000 };

/** Runs files one after the other and prints a line each; returns the exit code. */
export const runTests = async (files: readonly string[]): Promise<number> => {
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    const result = await runTestFile(inProject(file), fileTimeoutMs[lengthOf(file)]);
    passed += result.passed;
    failed += result.failed;
    const verdict = result.failed === 0 ? 'ok' : 'FAILED';
    const name = path.relative('test', file);
    const seconds = formatElapsed(result.elapsedMs);
    console.log(
      `${verdict.padEnd(7)}${name.padEnd(52)} ${String(result.passed).padStart(4)}  ${seconds}`,
    );
    if (result.failed > 0) console.log(result.output.replaceAll(/^/gm, '    '));
    // What a test wants its reader to see, e.g. `seed parity 65/65`.
    for (const [line] of result.output.matchAll(/^# .*$/gm)) console.log(`       ${line.slice(2)}`);
  }
  if (files.length === 0) failed += 1;
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
};
