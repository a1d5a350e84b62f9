// A plan -> files in place, all or none: everything that can fail for want of space happens in
// temporary files beside the real ones, which the renames at the end put in place.
import type { NodeFile } from './build.ts';
import { BootFailure } from './failure.ts';
import { HostError, type Host } from './hosts/host.ts';
import type { Plan } from './plan.ts';
import { reveal } from './secret.ts';

/**
 * Beside its file, so that the rename is atomic; no program reads a name of this form. containerd
 * would miss a configuration of its network that comes from another folder: it looks again at writes
 * and renames in /etc/cni/net.d, not at files that appear there.
 * https://github.com/containerd/containerd/blob/main/internal/cri/server/cni_conf_syncer.go
 */
const temporaryOf = ({ path }: NodeFile): string => {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}.${path.slice(slash)}.groundup-new`;
};

/** A umask may have taken bits away; QuickJS cannot read or set it. */
const correctModes = (host: Host, made: readonly { path: string; mode: number }[]): void => {
  const wrong = made.filter(({ path, mode }) => host.status(path)?.mode !== mode);
  for (const mode of new Set(wrong.map((entry) => entry.mode)))
    host.setMode(
      wrong.filter((entry) => entry.mode === mode).map(({ path }) => path),
      mode,
    );
};

const removeAll = (host: Host, paths: readonly string[]): void => {
  for (const path of paths) {
    try {
      host.remove(path);
    } catch {
      // A full or read-only disk; the failure that led here says more.
    }
  }
};

const describe = (error: HostError): string => `${error.path}: ${error.message}`;

const prepare = (host: Host, plan: Plan): void => {
  for (const { path, mode } of plan.folders) host.makeFolder(path, mode);
  for (const file of plan.write) {
    host.remove(temporaryOf(file));
    host.createFile(temporaryOf(file), reveal(file.content), file.mode);
  }
  const made = plan.write.map((file) => ({ path: temporaryOf(file), mode: file.mode }));
  correctModes(host, [...plan.folders, ...made]);
  // Only folders may be missing: those in memory are gone after each boot.
  if (made.length > 0) host.flush(made.map(({ path }) => path));
};

/** Carries out a plan. When it throws, either nothing has changed or the failure says how much. */
export const applyPlan = (host: Host, plan: Plan): void => {
  if (plan.write.length === 0 && plan.folders.length === 0) return;
  try {
    prepare(host, plan);
  } catch (error) {
    removeAll(host, plan.write.map(temporaryOf));
    removeAll(host, plan.folders.map(({ path }) => path).toReversed());
    if (error instanceof HostError) throw new BootFailure('write', describe(error));
    throw error;
  }
  for (const [index, file] of plan.write.entries()) {
    try {
      host.rename(temporaryOf(file), file.path);
    } catch (error) {
      removeAll(host, plan.write.slice(index).map(temporaryOf));
      if (!(error instanceof HostError)) throw error;
      const outcome = `${index} of ${plan.write.length} files were replaced; boot again`;
      throw new BootFailure('write', describe(error), index === 0 ? undefined : outcome);
    }
  }
};
