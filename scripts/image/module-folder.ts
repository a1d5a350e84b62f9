// A component and a version -> images/modules/<component>-<version>: go.mod and go.sum that pin every
// source file of its programs, made with `go mod tidy`.
import {
  chmod,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inProject } from '../project/paths.ts';
import { runTool, type ToolOptions } from '../project/tools.ts';
import { ensureGo } from '../setup/go.ts';
import { Failure } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import { binaryTable, components } from './binary-table.ts';
import type { ComponentName } from './pins.ts';

const moduleTimeoutMs = 20 * 60_000;

export interface ModuleOptions {
  component: ComponentName;
  version: string;
  /** The Go toolchain of images/pins.yaml. */
  goVersion: string;
  steps: Steps;
  /** Where module folders are; `images/modules` unless a test says otherwise. */
  modulesFolder?: string;
}

interface Replacement {
  Old: { Path: string; Version?: string };
  New: { Path: string; Version?: string };
}

/** What counts of an upstream go.mod, as `go mod edit -json` prints it. */
export interface UpstreamModule {
  Go?: string;
  GoDebug?: readonly { Key: string; Value: string }[] | null;
  Replace?: readonly Replacement[] | null;
}

/**
 * The replace lines that a module needs outside its own repository. Kubernetes replaces its staging
 * modules by folders; they are published as v0.<minor>.<patch>. Others replace modules by forks.
 */
export const replaceLines = (replacements: readonly Replacement[], version: string): string[] => {
  const [, minor = '0', patch = '0'] = version.split('.');
  return replacements.flatMap(({ Old: from, New: to }) => {
    const left = from.Version === undefined ? from.Path : `${from.Path} ${from.Version}`;
    if (to.Path.startsWith('./staging/')) return [`${left} => ${from.Path} v0.${minor}.${patch}`];
    return to.Version === undefined ? [] : [`${left} => ${to.Path} ${to.Version}`];
  });
};

/**
 * The text of a go.mod before `go mod tidy` fills it. The go and godebug lines are upstream's: they
 * decide how the Go runtime behaves inside the program.
 */
export const initialModule = (
  component: ComponentName,
  version: string,
  upstream: UpstreamModule,
): string => {
  const lines = replaceLines(upstream.Replace ?? [], version).map((line) => `\t${line}\n`);
  const debug = (upstream.GoDebug ?? []).map(({ Key, Value }) => `godebug ${Key}=${Value}\n`);
  return [
    `module groundup.example/${component}-${version}\n`,
    `go ${upstream.Go ?? '1.21'}\n`,
    ...debug,
    `require ${components[component].goModule} v${version}\n`,
    ...(lines.length === 0 ? [] : [`replace (\n${lines.join('')})\n`]),
  ].join('\n');
};

/** tools.go: the imports that make `go mod tidy` keep what the programs need. */
export const toolsFile = (component: ComponentName): string => {
  const packages = binaryTable
    .filter((row) => row.component === component)
    .map((row) => `\t_ "${row.goPackage}"\n`);
  return `//go:build tools

// The programs built from this module; go.mod and go.sum pin every source file of them.
package tools

import (
${packages.toSorted().join('')})
`;
};

const isThere = async (folder: string): Promise<boolean> =>
  stat(folder).then(
    () => true,
    () => false,
  );

/** Copies beside the place and renames: the folder is whole or absent, also across file systems. */
const publish = async (workFolder: string, folder: string): Promise<void> => {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await cp(workFolder, partial, { recursive: true });
    await chmod(partial, 0o755);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};

/** Makes the module folder unless it is there; leaves nothing when it fails. Returns its path. */
export const makeModuleFolder = async (options: ModuleOptions): Promise<string> => {
  const { component, version, goVersion, steps } = options;
  const modulesFolder = options.modulesFolder ?? inProject('images/modules');
  const name = `${component}-${version}`;
  const folder = path.join(modulesFolder, name);
  if (await isThere(folder)) return folder;
  const go = await ensureGo(steps);
  // Not in the checkout: a killed run must leave nothing there.
  const workFolder = await mkdtemp(path.join(tmpdir(), 'groundup-module-'));
  const tool: ToolOptions = {
    step: 'pins',
    timeoutMs: moduleTimeoutMs,
    cwd: workFolder,
    env: { GOTOOLCHAIN: `go${goVersion}`, GOFLAGS: '', GOWORK: 'off' },
    hint: 'does that version exist, and does the Go module proxy (go env GOPROXY) serve it? nothing was changed',
  };
  const { goModule } = components[component];
  try {
    await steps.run(
      'pins',
      `${name}: go mod tidy`,
      async () => {
        const found = await runTool(
          go,
          ['mod', 'download', '-json', `${goModule}@v${version}`],
          tool,
        );
        const { GoMod: upstreamFile } = JSON.parse(found) as { GoMod: string };
        const parsed = await runTool(go, ['mod', 'edit', '-json', upstreamFile], tool);
        const text = initialModule(component, version, JSON.parse(parsed) as UpstreamModule);
        await writeFile(path.join(workFolder, 'go.mod'), text, { mode: 0o644 });
        const tools = toolsFile(component);
        await writeFile(path.join(workFolder, 'tools.go'), tools, { mode: 0o644 });
        await runTool(go, ['mod', 'tidy'], tool);
        await refuseOtherVersion(workFolder, goModule, version);
        await publish(workFolder, folder);
      },
      () => `images/modules/${name} made with go mod tidy`,
    );
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
  return folder;
};

/** `go mod tidy` raises a version when something else asks for a newer one. */
const refuseOtherVersion = async (
  folder: string,
  goModule: string,
  version: string,
): Promise<void> => {
  const text = await readFile(path.join(folder, 'go.mod'), 'utf8');
  if (text.includes(`${goModule} v${version}\n`)) return;
  throw new Failure({ step: 'pins', message: `go mod tidy does not keep ${goModule} v${version}` });
};

/** Module folders of a component, other than the given version's. */
export const otherModuleFolders = async (
  component: ComponentName,
  version: string,
  modulesFolder = inProject('images/modules'),
): Promise<string[]> => {
  const pattern = new RegExp(`^${component}-\\d+\\.\\d+\\.\\d+$`);
  const names = await readdir(modulesFolder);
  return names
    .filter((name) => pattern.test(name) && name !== `${component}-${version}`)
    .map((name) => path.join(modulesFolder, name));
};
