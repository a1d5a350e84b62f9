// An empty cache folder for one test file; the user's own is not touched.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TemporaryCache {
  folder: string;
  remove(): Promise<void>;
}

/** Points XDG_CACHE_HOME at a new folder; Go's own cache, which follows it, stays where it was. */
export const useTemporaryCache = async (): Promise<TemporaryCache> => {
  try {
    process.env['GOCACHE'] ??= execFileSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).trim();
  } catch {
    // No Go: a test that builds something says so itself.
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-cache-'));
  process.env['XDG_CACHE_HOME'] = folder;
  return { folder, remove: async () => rm(folder, { recursive: true, force: true }) };
};
