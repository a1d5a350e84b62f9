// The settings' `binaries:` and what answers -> the sources to try for a program, in order.
import type { Steps } from '../terminal/steps.ts';
import { components } from './binary-table.ts';
import { probeUrl, type HostBases } from './download.ts';
import { pinnedVersion, type Pins } from './pins.ts';

export type BinarySource = 'release' | 'modules' | 'directory';

/** One probe per run and set of hosts: what it found is remembered here. */
const probes = new Map<string, Promise<boolean>>();

const askHosts = async (pins: Pins, bases: HostBases): Promise<string[]> => {
  const kubernetes = Object.keys(pins.kubernetes)[0] ?? '';
  const urls = [
    components.kubernetes.releaseUrl?.(kubernetes, 'amd64', 'kubelet'),
    components.containerd.releaseUrl?.(pinnedVersion(pins, 'containerd'), 'amd64', 'containerd'),
  ].filter((url) => url !== undefined);
  const answers = await Promise.all(
    urls.map(async (url) => {
      const reason = await probeUrl(url, bases);
      return reason === undefined ? [] : [`${new URL(url).host}: ${reason}`];
    }),
  );
  return answers.flat();
};

/** True when every release host answers; says in one line when one does not. Asks once per run. */
export const releaseAnswers = async (
  steps: Steps,
  pins: Pins,
  bases: HostBases,
): Promise<boolean> => {
  const key = JSON.stringify(bases);
  const known = probes.get(key);
  if (known) return known;
  const probe = askHosts(pins, bases).then((faults) => {
    if (faults.length === 0) return true;
    steps.line('binaries', `no official releases (${faults.join('; ')}): building from Go modules`);
    return false;
  });
  probes.set(key, probe);
  return probe;
};
