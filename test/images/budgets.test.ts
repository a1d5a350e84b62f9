// images/budgets.yaml: what can be said of the finished image without a boot.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readBudgets } from '../../scripts/bench/budgets.ts';
import { judge } from '../../scripts/bench/judge.ts';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { outputFolder } from '../../scripts/project/paths.ts';

test('packages and used bytes keep within their budgets', async () => {
  const { image, packages, rootUsedBytes } = await newestManifest(outputFolder);
  const figures = { packages: packages.length, 'used-mib': rootUsedBytes / 1024 ** 2 };
  const record = { image, latencyMs: 0, figures, timelines: {} };
  assert.equal(judge(record, undefined, await readBudgets()), []);
});

test.run();
