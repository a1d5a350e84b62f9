// A folder as the seed's home directory is, with certificates that fit each other.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CertificateOptions } from './certificate.ts';
import { nodeFields, settings, sharedFields, type Fields } from './node.ts';

export const { cluster } = settings;

export const workerFiles = (name: string, options: CertificateOptions = {}): Fields =>
  nodeFields(`${cluster}-${name}`, { commonName: `system:node:ip-${name}`, ...options });

/** Two workers and what they share. */
export const soundFiles = (): Fields => ({
  ...sharedFields(),
  ...workerFiles('worker-0'),
  ...workerFiles('worker-10'),
});

/** Writes the files that are text into a new folder, which is gone afterwards. */
export const withFolder = async (
  files: Fields,
  work: (folder: string) => Promise<void>,
): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-secrets-'));
  try {
    for (const [name, text] of Object.entries(files))
      if (typeof text === 'string') await writeFile(path.join(folder, name), text, { mode: 0o600 });
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};
