// test/golden/<case>/: user-data and facts in, the tree of files and the report out, byte for byte.
// GOLDEN_UPDATE=1 records them again; read the difference before you commit it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { inProject } from '../../scripts/project/paths.ts';
import type { FakeHost } from '../fakes/host.ts';
import {
  bootstrapFields,
  createNode,
  environment,
  nodeFields,
  outputOf,
  secretMark,
  sharedFields,
} from '../fakes/node.ts';

const goldenFolder = inProject('test/golden');
const isUpdate = process.env['GOLDEN_UPDATE'] === '1';

/** facts.json: what the instance knows besides its user-data. */
interface Facts {
  nodeName: string;
  nodeIp: string;
  vpcRanges: string[];
  /** Of the network interface. */
  prefixes?: string[];
  mtuBytes?: number;
  /** Cluster, name and prefix that the secrets are stored under. */
  secrets: { prefix: string; cluster: string; name: string };
  /** Of an instance in an autoscaling group. */
  lifecycleState?: string;
  /** Paths of programs that not every image has. */
  programs?: string[];
}

/** Files with their content; a secret file shows that it is one and nothing else. */
const treeOf = (host: FakeHost): Record<string, string> =>
  Object.fromEntries(
    [...host.entries]
      .filter(
        ([file, { kind }]) =>
          kind === 'file' && !/^\/(?:etc\/groundup\/settings|usr|run|sys)/.test(file),
      )
      .filter(([file]) => file !== '/var/lib/groundup/timeline.jsonl')
      .map(([file, { mode, content }]) => [file, mode === 0o600 ? 'REDACTED\n' : content]),
  );

const reportOf = (host: FakeHost, exitCode: number): string =>
  [
    `exit code ${exitCode}`,
    ...host.journal.map((line) => `journal ${line}`),
    ...host.consoleLines.map((line) => `console ${line}`),
    ...[...host.entries]
      .filter(
        ([file]) =>
          !/^\/(?:etc\/groundup\/settings|usr|sys)/.test(file) && file.split('/').length > 3,
      )
      .map(([file, { mode, kind }]) => `${mode.toString(8)} ${file}${kind === 'folder' ? '/' : ''}`)
      .toSorted(),
    ...host.ran.filter((line) => /^systemctl (?:re)?start/.test(line)).map((line) => `ran ${line}`),
    '',
  ].join('\n');

const readTree = (folder: string): Record<string, string> => {
  // Git keeps no empty folder: a boot that writes nothing has none.
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [`/${path.relative(folder, file)}`, readFileSync(file, 'utf8')];
      }),
  );
};

const record = (folder: string, tree: Record<string, string>, report: string): void => {
  rmSync(path.join(folder, 'expected'), { recursive: true, force: true });
  mkdirSync(path.join(folder, 'expected'));
  for (const [file, content] of Object.entries(tree)) {
    const target = path.join(folder, 'expected', file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
  writeFileSync(path.join(folder, 'report.txt'), report);
};

const bootCase = (folder: string): { host: FakeHost; exitCode: number } => {
  const facts = JSON.parse(readFileSync(path.join(folder, 'facts.json'), 'utf8')) as Facts;
  const { prefix, cluster, name } = facts.secrets;
  const mac = '0e:49:61:0f:c3:14';
  const programs = (facts.programs ?? []).map((file) => [file, '']);
  const place = `meta-data/network/interfaces/macs/${mac}`;
  const host = createNode({
    files: {
      ...Object.fromEntries(programs),
      '/sys/class/net/eth0/mtu': `${facts.mtuBytes ?? 9001}\n`,
    },
    userData: readFileSync(path.join(folder, 'user-data.txt'), 'utf8'),
    metadata: {
      'meta-data/local-ipv4': facts.nodeIp,
      'meta-data/autoscaling/target-lifecycle-state': facts.lifecycleState,
      [`${place}/vpc-ipv4-cidr-blocks`]: facts.vpcRanges.join('\n'),
      [`${place}/subnet-ipv4-cidr-block`]: '172.31.0.0/24',
      [`${place}/ipv4-prefix`]: facts.prefixes?.join('\n'),
    },
    autoscaling: () => ({ status: 200, body: '<CompleteLifecycleActionResponse/>' }),
    secretFields: {
      [`${prefix}/${cluster}/${name}`]: nodeFields(`${cluster}-${name}`, {
        commonName: `system:node:${facts.nodeName}`,
        addresses: [facts.nodeIp],
      }),
      [`${prefix}/${cluster}/shared`]: sharedFields(),
      [`${prefix}/${cluster}/bootstrap`]: bootstrapFields(),
    },
  });
  return { host, exitCode: configure(host, environment) };
};

for (const name of readdirSync(goldenFolder).toSorted()) {
  test(`golden: ${name}`, () => {
    const folder = path.join(goldenFolder, name);
    const { host, exitCode } = bootCase(folder);
    const tree = treeOf(host);
    const report = reportOf(host, exitCode);
    assert.is(`${outputOf(host)}${Object.values(tree).join('')}`.includes(secretMark), false);
    if (isUpdate) record(folder, tree, report);
    const expected = readTree(path.join(folder, 'expected'));
    assert.equal(Object.keys(tree).toSorted(), Object.keys(expected).toSorted());
    for (const [file, content] of Object.entries(expected)) assert.is(tree[file], content);
    assert.is(report, readFileSync(path.join(folder, 'report.txt'), 'utf8'));
  });
}

test.run();
