// The programs that judge the project's own source, as a table: name and how to run it.
import { glob } from 'node:fs/promises';
import { inProject, projectRoot } from './paths.ts';
import { runTool } from './tools.ts';

export interface Linter {
  name: string;
  /** Throws a Failure with the linter's output. */
  run(): Promise<unknown>;
}

const timeoutMs = 5 * 60_000;
const tool = (name: string, args: readonly string[]) =>
  runTool(inProject('node_modules/.bin', name), args, {
    step: name,
    timeoutMs,
    cwd: projectRoot,
  });

/** Shell files by their ending or, on the node, by their first line. */
export const findShellFiles = async (): Promise<string[]> => {
  const files: string[] = [];
  for await (const file of glob('{images,scripts}/**/*.sh', { cwd: projectRoot })) files.push(file);
  const unnamed = [
    '.ci/run',
    'images/provision/listed-files',
    'images/provision/read-ahead-ranges',
    'images/rootfs/usr/lib/groundup/deferred-cloud-init',
    'images/rootfs/usr/lib/groundup/init',
    'images/rootfs/usr/lib/groundup/read-ranges',
    'scripts/bench/nodeadm/rootfs/usr/local/sbin/node-config',
    'scripts/bench/stock/rootfs/usr/local/sbin/configure-worker',
  ];
  return [...files, ...unnamed].toSorted();
};

export const linters: readonly Linter[] = [
  { name: 'tsc', run: () => tool('tsc', ['--noEmit']) },
  { name: 'oxlint', run: () => tool('oxlint', ['--type-aware', '--deny-warnings']) },
  { name: 'prettier', run: () => tool('prettier', ['--check', '--log-level', 'warn', '.']) },
  {
    name: 'shellcheck',
    run: async () =>
      runTool('shellcheck', ['--external-sources', ...(await findShellFiles())], {
        step: 'shellcheck',
        timeoutMs,
        cwd: projectRoot,
      }),
  },
];
