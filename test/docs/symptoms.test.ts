// docs/symptoms/: a page for each class of failures, whose first line is what a node says. UPDATE=1 writes
// the lines and the index again.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failureClasses, type FailureClass } from '../../cloud-init/failure.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { nodeFields, settings, sharedFields } from '../fakes/node.ts';
import { assertTable, markdownTable, readFences } from './page.ts';
import { provoke, refusal, type Scenario } from './provoke.ts';

const folder = 'docs/symptoms';
const isUpdate = process.env['UPDATE'] === '1';

const workerSecret = `k8s/${settings.cluster}/worker-0`;
const missing = {
  SecretValues: [],
  Errors: [{ SecretId: workerSecret, ErrorCode: 'ResourceNotFoundException' }],
};
const { [`${settings.cluster}-worker-0.kubeconfig`]: _, ...withoutKubeconfig } = nodeFields();

/** What provokes each class. */
const scenarios: Record<FailureClass, Scenario> = {
  usage: { command: 'configura' },
  'user-data': { userData: 'name=worker-0|pod-cidr=172.20.0.7/24' },
  'secret-missing': { secrets: () => ({ status: 200, body: JSON.stringify(missing) }) },
  network: { files: { '/run/systemd/netif/state': 'IPV4_ADDRESS_STATE=off\n' } },
  imds: { imds: () => ({ status: 0, error: 'Connection refused' }) },
  internal: { hasTemplates: false },
  services: {
    programs: {
      systemctl: () => ({ exitCode: 1, stderr: 'Unit kubelet.service is masked.' }),
    },
  },
  write: { capacityBytes: 9000 },
  'secrets-unreachable': { secrets: () => ({ status: 0, error: 'Connection timed out' }) },
  'secret-content': {
    secretFields: {
      [workerSecret]: withoutKubeconfig,
      [`k8s/${settings.cluster}/shared`]: sharedFields(),
    },
  },
  'secrets-denied': {
    secrets: () =>
      refusal(
        'AccessDeniedException',
        'User: arn:aws:sts::000000000000:assumed-role/worker/i-0 is not authorized to perform: ' +
          'secretsmanager:BatchGetSecretValue',
      ),
  },
  settings: { files: { '/etc/groundup/settings.json': '{"cluster": "Prod"}' } },
  'not-ready': {
    command: 'ready',
    nodes: { stderr: 'curl: (7) Failed to connect to 172.31.0.10 port 6443' },
  },
  clock: {
    secrets: () =>
      refusal(
        'InvalidSignatureException',
        'Signature expired: 20000101T000012Z is now earlier than 20270301T115500Z',
      ),
  },
};

for (const failureClass of Object.keys(failureClasses) as FailureClass[])
  test(`the page of ${failureClass}`, async () => {
    const page = `${folder}/${failureClass}.md`;
    const { exitCode, shown } = provoke(scenarios[failureClass]);
    assert.is(exitCode, failureClasses[failureClass].exitCode);
    if (isUpdate) {
      const text = await readFile(inProject(page), 'utf8');
      const line = shown.join('\n');
      await writeFile(
        inProject(page),
        text.replace(/(?<=^```\w+\n)[^]*?(?=^```$)/m, () => `${line}\n`),
      );
    }
    const [first] = await readFences(page);
    assert.is(first?.text.trimEnd(), shown.join('\n'));
  });

test('the index has every page and nothing else', async () => {
  const rows = Object.entries(failureClasses).map(([name, { exitCode, meaning }]) => [
    String(exitCode),
    meaning,
    `[${name}](${name}.md)`,
  ]);
  await assertTable(
    `${folder}/README.md`,
    'symptoms',
    markdownTable(['exit code', 'meaning', 'page'], rows),
  );
  const pages = (await readdir(inProject(folder))).filter((file) => file !== 'README.md');
  assert.equal(
    pages.toSorted(),
    Object.keys(failureClasses)
      .map((name) => `${name}.md`)
      .toSorted(),
  );
});

test.run();
