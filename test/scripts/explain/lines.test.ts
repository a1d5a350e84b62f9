// The table of lines knows every key that a node's files have, and every flag of its units.
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { explain, readDeviations } from '../../../scripts/explain/answer.ts';
import { goneTable, lineTable } from '../../../scripts/explain/lines.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { settings } from '../../fakes/node.ts';

const leavesOf = (value: unknown, place = ''): string[] => {
  if (typeof value !== 'object' || value === null) return [place.slice(1)];
  const entries = Object.entries(value);
  if (entries.length === 0) return [place.slice(1)];
  return entries.flatMap(([key, inner]) => {
    // Ranges are a list of lists.
    return leavesOf(inner, `${place}.${key}`);
  });
};

const linesOf = (file: string): string[] =>
  lineTable.filter((row) => row.file === file).map(({ line }) => line);

const bootstrapGolden = readFile(
  inProject('test/golden/tls-bootstrap/expected/var/lib/kubelet/node.env'),
  'utf8',
);

const golden = (file: string) => {
  const name = file.includes('prefixes') ? 'imds-prefix' : 'seed';
  return readFile(inProject(`test/golden/${name}/expected`, file), 'utf8');
};

for (const file of [
  '/etc/cni/net.d/172-20-bridge.conflist',
  '/etc/cni/net.d/10-prefixes.conflist',
  '/etc/cni/net.d/99-loopback.conf',
  '/var/lib/kubelet/kubelet-config.yaml',
  '/var/lib/kube-proxy/kube-proxy-config.yaml',
])
  test(`every key of ${file}`, async () => {
    // Of several prefixes one stands for all.
    const lines = leavesOf(parse(await golden(file))).filter(
      (line) => !/\.ranges\.0\.[1-9]/.test(line),
    );
    assert.equal(lines, linesOf(file));
  });

test('every variable of node.env', async () => {
  const names = (await golden('/var/lib/kubelet/node.env')).match(/^\w+(?==)/gm);
  assert.equal(names, linesOf('/var/lib/kubelet/node.env'));
});

for (const unit of ['kubelet', 'kube-proxy'])
  test(`every flag of ${unit}.service`, async () => {
    const file = `/etc/systemd/system/${unit}.service`;
    const text = await readFile(inProject('images/rootfs', file), 'utf8');
    // The rest of the kubelet's command line is a value of node.env.
    const more = unit === 'kubelet' ? await bootstrapGolden : '';
    assert.equal(`${text}${more}`.match(/--[a-z-]+/g), linesOf(file));
  });

test('every line and every file that is named has an answer', async () => {
  const words = [...lineTable, ...goneTable].map(({ line }) => line);
  for (const word of new Set([...words, ...lineTable.map(({ file }) => file)]))
    assert.ok('text' in (await explain(word, settings)), word);
});

test('what is gone has a row in docs/DEVIATIONS.md', async () => {
  const deviations = await readDeviations();
  for (const { line, statement } of goneTable) assert.ok(deviations.has(statement), line);
});

test.run();
