// Debian packages that are needed -> installed, with one line that says what and why.
// Where they can't be installed: a Failure with the command that does it.
import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../project/tools.ts';
import { Failure } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import { packageTable, type PackageName } from './packages-table.ts';

/** The machine as this file sees it; tests give another. */
export interface PackageHost {
  /** Prefix of every path that is looked at. */
  root: string;
  /** Effective user id. */
  userId: number;
  run(file: string, args: readonly string[], env: Record<string, string>): Promise<unknown>;
}

const installTimeoutMs = 15 * 60_000;

const realHost: PackageHost = {
  root: '/',
  userId: process.geteuid?.() ?? -1,
  run: (file, args, env) =>
    runTool(file, args, {
      step: 'packages',
      timeoutMs: installTimeoutMs,
      env,
      hint: 'the output above is apt’s own; when it has no network, install the packages by hand',
    }),
};

const exists = async (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** The packages of `names` that are not there; looks at files only, well under 5 ms in all. */
export const missingPackages = async (
  names: readonly PackageName[],
  root = '/',
): Promise<PackageName[]> => {
  const found = await Promise.all(
    names.map(async (name) => {
      const { probes } = packageTable[name];
      const seen = await Promise.all(probes.map((probe) => exists(path.join(root, probe))));
      return seen.includes(true);
    }),
  );
  return names.filter((_, index) => found[index] === false);
};

const isDebian = async (root: string): Promise<boolean> => {
  const text = await readFile(path.join(root, 'etc/os-release'), 'utf8').catch(() => '');
  return /^ID(?:_LIKE)?=.*\bdebian\b/m.test(text);
};

const hasPackageLists = async (root: string): Promise<boolean> => {
  const files = await readdir(path.join(root, 'var/lib/apt/lists')).catch(() => []);
  return files.some((file) => file.includes('_Packages'));
};

const reasonsFor = (names: readonly PackageName[]): string =>
  [...new Set(names.map((name) => packageTable[name].why))].join(', ');

const refusal = (missing: readonly PackageName[], why: string): Failure =>
  new Failure({
    step: 'packages',
    message: `missing: ${missing.join(', ')} (to ${reasonsFor(missing)}); ${why}`,
    hint: `apt-get install --yes --no-install-recommends ${missing.join(' ')}`,
  });

/** `sudo -n` or nothing in front of apt-get; a Failure when neither will do. */
const privilege = async (host: PackageHost, missing: readonly PackageName[]): Promise<string[]> => {
  if (!(await isDebian(host.root))) {
    throw refusal(missing, 'this is no Debian system, so the names may differ');
  }
  if (host.userId === 0) return [];
  const canSudo = await host.run('sudo', ['-n', 'true'], {}).then(
    () => true,
    () => false,
  );
  if (canSudo) return ['sudo', '-n'];
  throw refusal(missing, 'neither root nor sudo without a password');
};

const installMissing = async (
  steps: Steps,
  names: readonly PackageName[],
  host: PackageHost = realHost,
): Promise<void> => {
  const missing = await missingPackages([...new Set(names)], host.root);
  if (missing.length === 0) return;
  const prefix = await privilege(host, missing);
  const aptGet = async (...args: string[]): Promise<void> => {
    const [file = '', ...rest] = [...prefix, 'apt-get', ...args];
    await host.run(file, rest, { DEBIAN_FRONTEND: 'noninteractive' });
  };
  const text = `installing ${missing.join(', ')}: to ${reasonsFor(missing)}`;
  await steps.run(
    'packages',
    text,
    async (step) => {
      const install = ['install', '--yes', '--no-install-recommends', ...missing];
      if (!(await hasPackageLists(host.root))) {
        step.update('apt-get update: this machine has no package lists');
        await aptGet('update');
        step.update(text);
        return aptGet(...install);
      }
      // Lists that are months old name versions that the archive no longer has.
      await aptGet(...install).catch(async () => {
        step.update('apt-get update: the package lists are out of date');
        await aptGet('update');
        step.update(text);
        await aptGet(...install);
      });
    },
    () => text.replace('installing', 'installed'),
  );
  const still = await missingPackages(missing, host.root);
  if (still.length > 0)
    throw refusal(still, 'apt-get installed them, yet their files are not there');
};

/** dpkg has one lock, and two builds side by side may both lack something. */
let lastInstallation: Promise<unknown> = Promise.resolve();

/**
 * Makes sure that the packages are there. Installs all missing ones in one go, with
 * `apt-get update` first when the machine has no package lists. Silent when nothing is missing.
 */
export const ensurePackages = (
  steps: Steps,
  names: readonly PackageName[],
  host?: PackageHost,
): Promise<void> => {
  const installation = lastInstallation.then(() => installMissing(steps, names, host));
  lastInstallation = installation.catch(() => undefined);
  return installation;
};
