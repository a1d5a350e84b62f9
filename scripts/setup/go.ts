// The machine's Go -> good enough to build from modules, installed when it can be, or a remedy.
// Go 1.21 and later fetch the toolchain that images/pins.yaml asks for; older ones can't.
import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { Failure } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import { ensurePackages } from './packages.ts';

const minorMin = 21;
const remedy =
  'install Go 1.21 or later from https://go.dev/dl/ (the toolchain that is needed is then fetched), or set binaries: release in images/worker.yaml';

/** `go version go1.26.8 linux/amd64` -> `1.26.8`. */
export const parseGoVersion = (output: string): string | undefined =>
  /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(output)?.[1];

const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || minor >= minorMin;
};

const askGo = async (command: string): Promise<string | undefined> => {
  const { stdout, failed } = await execa(command, ['version'], {
    reject: false,
    timeout: 20_000,
    // Its own version, not that of a toolchain it would switch to.
    env: { GOTOOLCHAIN: 'local' },
  });
  return failed ? undefined : parseGoVersion(stdout);
};

export interface GoHost {
  /** Go's version, or nothing when there is none. */
  askGo(command: string): Promise<string | undefined>;
  installGo(steps: Steps): Promise<void>;
  /** Debian's major version, e.g. 13; nothing on another system. */
  debianMajor(): Promise<number | undefined>;
}

const realHost: GoHost = {
  askGo,
  installGo: (steps) => ensurePackages(steps, ['golang-go']),
  debianMajor: async () => {
    const text = await readFile('/etc/debian_version', 'utf8').catch(() => '');
    const major = Number.parseInt(text, 10);
    return Number.isNaN(major) ? undefined : major;
  },
};

/** Debian 12 has Go 1.19; from 13 on the packaged one fetches newer toolchains. */
const debianWithGoMin = 13;

/**
 * The command of a Go that can build from modules: `go` of PATH, or `/usr/local/go/bin/go`. Installs
 * Debian's where that is new enough; otherwise a Failure with the remedy.
 */
export const ensureGo = async (steps: Steps, host: GoHost = realHost): Promise<string> => {
  const commands = ['go', '/usr/local/go/bin/go'];
  let found: string | undefined;
  for (const command of commands) {
    const version = await host.askGo(command);
    if (version !== undefined && isNewEnough(version)) return command;
    found ??= version;
  }
  const major = await host.debianMajor();
  if (found === undefined && major !== undefined && major >= debianWithGoMin) {
    await host.installGo(steps);
    const version = await host.askGo('go');
    if (version !== undefined && isNewEnough(version)) return 'go';
    found = version;
  }
  const what = found === undefined ? 'there is no Go on this machine' : `Go ${found} is too old`;
  throw new Failure({
    step: 'go',
    message: `${what}; building from Go modules needs 1.21 or later`,
    hint: remedy,
  });
};
