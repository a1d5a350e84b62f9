// Where things are: the checkout, its output folder, and the user's cache and state folders (XDG).
import { homedir } from 'node:os';
import path from 'node:path';

/** The checkout's root folder. */
export const projectRoot = path.resolve(import.meta.dirname, '../..');

/** A path inside the checkout. */
export const inProject = (...parts: string[]): string => path.join(projectRoot, ...parts);

/** Finished images and their manifests; never committed. */
export const outputFolder = inProject('out');

const xdgFolder = (variable: string, fallback: string): string => {
  const value = process.env[variable];
  // The XDG specification: a relative value is to be ignored.
  return value !== undefined && path.isAbsolute(value) ? value : path.join(homedir(), fallback);
};

/** Content-addressed things that can be made again: `${XDG_CACHE_HOME:-~/.cache}/groundup`. */
export const cacheFolder = (): string =>
  path.join(xdgFolder('XDG_CACHE_HOME', '.cache'), 'groundup');

/** What is running now (kept labs): `${XDG_STATE_HOME:-~/.local/state}/groundup`. */
export const stateFolder = (): string =>
  path.join(xdgFolder('XDG_STATE_HOME', '.local/state'), 'groundup');
