// docs/user-data.md: its tables are the code's, and what its examples show is what the agent says.
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { failureClasses } from '../../cloud-init/failure.ts';
import { fileTable, type FileRow } from '../../cloud-init/files.ts';
import { imdsAddress } from '../../cloud-init/imds-session.ts';
import { keyTable } from '../../cloud-init/keys.ts';
import { messages } from '../../cloud-init/messages.ts';
import { statePath } from '../../cloud-init/state.ts';
import { explain } from '../../scripts/explain/answer.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { factKeys, readFactsFile } from '../../scripts/user-data/input.ts';
import { formatJudgement, judge } from '../../scripts/user-data/judge.ts';
import {
  createNode,
  environment,
  nodeFields,
  settings,
  sharedFields,
  type NodeOptions,
} from '../fakes/node.ts';
import { assertTable, markdownTable, readFences } from './page.ts';

const page = 'docs/user-data.md';
const code = (text: string) => `\`${text}\``;

test('the keys', () => {
  const rows = Object.entries(keyTable).map(([key, { form, example, description }]) => [
    code(key),
    `${description.replaceAll('<', String.raw`\<`)} Form: ${form}.`,
    code(`${key}=${example}`),
  ]);
  return assertTable(page, 'keys', markdownTable(['key', 'meaning and form', 'example'], rows));
});

const names = {
  identity: 'files',
  workerName: 'k8s-cluster-from-ground-up-worker-0',
  nodeSecret: 'k8s/k8s-cluster-from-ground-up/worker-0',
  sharedSecret: 'k8s/k8s-cluster-from-ground-up/shared',
  podNetwork: 'range',
} as const;
const bootstrapNames = { ...names, nodeSecret: 'k8s/k8s-cluster-from-ground-up/bootstrap' };
const namesOf = ({ identity }: FileRow) => (identity === 'tls-bootstrap' ? bootstrapNames : names);

test('the secrets', () => {
  const rows = fileTable.flatMap((row) => {
    const { path, source, identity = 'both' } = row;
    if (source.from !== 'secret') return [];
    const rowNames = namesOf(row);
    const secret = source.secret === 'node' ? rowNames.nodeSecret : rowNames.sharedSecret;
    return [[code(secret), code(source.field(names)), code(path(names)), identity]];
  });
  const header = ['secret', 'key', 'written to', 'with identity'];
  return assertTable(page, 'secrets', markdownTable(header, rows));
});

test('the files', () => {
  const rows = fileTable.map(({ path, mode, source, seedStep, identity, podNetworks }) => [
    code(path(names)),
    [
      ...(identity === undefined ? [] : [`identity ${identity}`]),
      ...(podNetworks ?? []).map((mode) =>
        mode === 'range' ? 'pod-cidr a range' : `pod-cidr ${mode}`,
      ),
    ].join(' or '),
    mode.toString(8).padStart(4, '0'),
    source.from === 'secret'
      ? 'a secret'
      : code(`cloud-init/templates/${source.template}.mustache`),
    seedStep === undefined ? '' : String(seedStep),
  ]);
  const header = ['file', 'only with', 'mode', 'from', 'step of the manual procedure'];
  return assertTable(page, 'files', markdownTable(header, rows));
});

test('every message', () => {
  const rows = Object.entries(messages).map(([id, { rule, found, hint }]) => [
    code(id),
    rule,
    found,
    hint,
  ]);
  const header = ['id', 'rule', 'what was found', 'and what to do'];
  return assertTable(page, 'messages', markdownTable(header, rows));
});

test('every fact that --facts takes', async () => {
  const text = await readFile(inProject(page), 'utf8');
  for (const fact of factKeys) assert.ok(text.includes(`| \`${fact}\``), fact);
});

test('the exit codes', () => {
  const rows = Object.values(failureClasses).map(({ exitCode, meaning }) => [
    String(exitCode),
    meaning,
  ]);
  return assertTable(page, 'exit-codes', markdownTable(['code', 'meaning'], rows));
});

const denied = {
  __type: 'com.amazonaws.secretsmanager#AccessDeniedException',
  Message:
    'User: arn:aws:sts::000000000000:assumed-role/worker/i-0 is not authorized to perform: secretsmanager:BatchGetSecretValue',
};
const expired = {
  __type: 'com.amazonaws.secretsmanager#InvalidSignatureException',
  Message:
    'Signature expired: 20000101T000012Z is now earlier than 20270301T115500Z (20270301T120000Z - 5 min.)',
};
const missing = {
  SecretValues: [],
  Errors: [{ SecretId: names.nodeSecret, ErrorCode: 'ResourceNotFoundException' }],
};

/** What is wrong with the instance in an example that no user-data provokes. */
const scenarios: Record<string, NodeOptions> = {
  'cloud-config': { userData: '#cloud-config\npackages: [htop]\n' },
  'no-address': { files: { '/run/systemd/netif/state': 'IPV4_ADDRESS_STATE=off\n' } },
  'no-metadata': { imds: () => ({ status: 0, error: 'Connection refused' }) },
  'no-secret': { secrets: () => ({ status: 200, body: JSON.stringify(missing) }) },
  denied: { secrets: () => ({ status: 400, body: JSON.stringify(denied) }) },
  'wrong-clock': { secrets: () => ({ status: 400, body: JSON.stringify(expired) }) },
  'full-disk': { capacityBytes: 9000 },
};

const boot = (options: NodeOptions) => {
  const host = createNode(options);
  configure(host, environment);
  return {
    console: host.consoleLines.map((line) =>
      line
        .replace('http://imds', imdsAddress)
        .replace(/it says \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, 'it says 2000-01-01T00:00:12Z'),
    ),
    journal: host.journal.map((line) => line.replace(/^\w+: /, '')),
    state: [(host.readFile(statePath) ?? '').trim()],
  };
};

const sampleFacts = await readFactsFile(undefined);

const fences = await readFences(page);
for (const [index, { info, text }] of fences.entries()) {
  const [kind = '', scenario] = info.split(' ');
  const next = fences[index + 1]?.info;
  if (kind === 'user-data' && next !== 'console' && next !== 'check')
    test(`an example is right: ${text.trim().slice(0, 60)}`, () => {
      const { cluster = 'k8s-cluster-from-ground-up', name = '' } = Object.fromEntries(
        (text.match(/^name.*(?:\n\w.*)*$/m)?.[0] ?? '')
          .split(/[|\n]/)
          .map((field) => field.split('=').map((part) => part.trim())),
      ) as Record<string, string>;
      const secretFields = {
        [`k8s/${cluster}/${name}`]: nodeFields(`${cluster}-${name}`),
        [`k8s/${cluster}/shared`]: sharedFields(),
      };
      const { console: lines, journal } = boot({ userData: text, secretFields });
      assert.equal(lines, []);
      assert.match(journal.join('\n'), /is node .* files written\)$/);
    });
  if (kind === 'check')
    test(`the checker says what an example shows: ${text.slice(0, 60)}`, () => {
      const userData = (fences[index - 1]?.text ?? '').trimEnd();
      const judgement = judge(userData, settings, sampleFacts, false);
      assert.is(formatJudgement(judgement), text.trimEnd());
    });
  if (kind === 'explain')
    test(`the explanation of ${scenario}`, async () => {
      assert.equal(await explain(scenario ?? '', settings), { text: text.trimEnd() });
    });
  if (kind !== 'console' && kind !== 'journal' && kind !== 'state') continue;
  test(`an example says what it shows: ${text.slice(0, 60)}`, () => {
    const before = fences[index - 1];
    const options = scenario === undefined ? { userData: before?.text ?? '' } : scenarios[scenario];
    assert.ok(options, scenario);
    assert.equal(boot(options)[kind], [text.trimEnd()]);
  });
}

test('every scenario stands on the page', () => {
  for (const scenario of Object.keys(scenarios))
    assert.ok(
      fences.some(({ info }) => info.endsWith(` ${scenario}`)),
      scenario,
    );
});

test.run();
