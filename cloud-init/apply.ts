// A plan -> the machine. All new files are written whole beside their places and synced before the
// first is renamed into place, so that a full disk changes nothing and a power cut leaves no half.
import { BootFailure } from './failure.ts';
import type { Host } from './host.ts';
import { textOf, type Plan } from './plan.ts';

const newSuffix = '.groundup-new';

const writeAll = (host: Host, plan: Plan): void => {
  const written: string[] = [];
  try {
    for (const { path, mode } of plan.folders) host.makeFolder(path, mode);
    for (const { path, mode, content } of plan.writes) {
      const beside = `${path}${newSuffix}`;
      // One is left there only by a boot that was cut off.
      host.remove(beside);
      written.push(beside);
      host.writeNew(beside, textOf(content), mode);
    }
    const synced = host.run({ file: 'sync', args: written, timeoutMs: 30_000 });
    if (synced.exitCode !== 0) throw new Error(synced.stderr.trim() || 'sync failed');
  } catch (error) {
    for (const path of written) host.remove(path);
    throw new BootFailure('files', `cannot write the node's files: ${(error as Error).message}`);
  }
  for (const { path } of plan.writes) host.rename(`${path}${newSuffix}`, path);
};

/** Writes what differs. Throws BootFailure; then no file has changed. */
export const applyFiles = (host: Host, plan: Plan): void => {
  if (plan.writes.length > 0) writeAll(host, plan);
};

/** Starts the units without waiting for them. */
export const startUnits = (host: Host, units: readonly string[]): void => {
  const result = host.run({
    file: 'systemctl',
    args: ['start', '--no-block', ...units],
    timeoutMs: 30_000,
  });
  if (result.exitCode === 0) return;
  const reason = result.stderr.trim().split('\n')[0] ?? '';
  throw new BootFailure('services', `systemctl could not start the node's services: ${reason}`);
};
