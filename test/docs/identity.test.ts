// docs/identity.md: its table is the code's, and what its examples show is what node and command say.
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { failureClasses } from '../../cloud-init/failure.ts';
import { identityMessages } from '../../cloud-init/identity-messages.ts';
import { kubeconfigFaults } from '../../cloud-init/kubeconfig.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { checkFolder, formatCheck } from '../../scripts/secrets/check.ts';
import { readSecretFolder } from '../../scripts/secrets/folder.ts';
import { fakeKeys, type CertificateOptions } from '../fakes/certificate.ts';
import {
  createNode,
  environment,
  nodeFields,
  settings,
  sharedFields,
  type Fields,
} from '../fakes/node.ts';
import { cluster, withFolder, workerFiles } from '../fakes/secret-folder.ts';
import { assertTable, markdownTable, readFences } from './page.ts';

const page = 'docs/identity.md';
const isUpdate = process.env['UPDATE'] === '1';

test('every text', () => {
  const holes = (text: string) =>
    text.replaceAll('<', String.raw`\<`).replaceAll(/\{(\w+)\}/g, '*$1*');
  const rows = Object.entries(identityMessages).map(([id, { severity, text, remedy }]) => [
    `\`${id}\``,
    severity,
    holes(text),
    holes(remedy),
  ]);
  return assertTable(
    page,
    'identity',
    markdownTable(['id', 'severity', 'text', 'what to do'], rows),
  );
});

const dayMs = 86_400_000;
const shownNow = Date.parse('2026-11-23T14:00:00Z');
const worker = `${cluster}-worker-0`;

const boot = (options: { certificate?: CertificateOptions; fields?: Fields }) => {
  const host = createNode({
    secretFields: {
      [`k8s/${cluster}/worker-0`]: {
        ...nodeFields(worker, options.certificate),
        ...options.fields,
      },
      [`k8s/${cluster}/shared`]: sharedFields(),
    },
  });
  configure(host, environment);
  return host;
};

const other = (): Fields => {
  const files = nodeFields(worker, { commonName: 'system:node:b', keys: fakeKeys.proxy() });
  return Object.fromEntries(Object.entries(files).filter(([name]) => !name.endsWith('-0.pem')));
};

const soonMs = Date.now() + 12.5 * dayMs;
const noClock = (text: string): string =>
  text
    .replace(/(?<=expired on )[^ ,]+/, '2026-11-20T14:00Z')
    .replace(/(?<=clock says )\S+/, '2026-11-23T14:00Z')
    .replace(/(?<=days, on )[-\d]+/, '2026-12-05');

const checkText = async (files: Fields): Promise<string> => {
  let text = '';
  await withFolder(files, async (folder) => {
    const read = await readSecretFolder(folder, settings);
    const checked = checkFolder(read, settings, shownNow);
    text = formatCheck(read, checked, cluster, shownNow);
  });
  return text;
};

const notAfter = new Date('2027-11-23T14:00:00Z');
const addresses = ['172.31.0.20'];

/** What an example shows, by what stands behind its opening fence. */
const examples: Record<string, () => string | undefined | Promise<string>> = {
  'console expired': () =>
    boot({ certificate: { notAfter: new Date(Date.now() - 3 * dayMs) } }).consoleLines[0],
  'console other-worker': () => boot({ fields: other() }).consoleLines[0],
  'journal soon': () =>
    boot({ certificate: { notAfter: new Date(soonMs) } }).journal[0]?.replace(/^\w+: /, ''),
  'check sound': () =>
    checkText({
      ...sharedFields(),
      ...workerFiles('worker-0', { commonName: 'system:node:ip-172-31-0-20', notAfter, addresses }),
      ...workerFiles('worker-1', { commonName: 'system:node:ip-172-31-0-21', notAfter, addresses }),
      'admin.kubeconfig': 'x',
    }),
  'check mixed': () =>
    checkText({
      ...sharedFields(),
      ...workerFiles('worker-0', { commonName: 'system:node:ip-172-31-0-20', notAfter, addresses }),
      ...other(),
      'ca-key.pem': 'x',
    }),
};

for (const [info, make] of Object.entries(examples))
  test(`an example says what it shows: ${info}`, async () => {
    const text = noClock((await make()) ?? '');
    if (isUpdate) {
      const before = await readFile(inProject(page), 'utf8');
      const place = new RegExp(`(?<=^\`\`\`${info}\\n)[^]*?(?=^\`\`\`$)`, 'm');
      await writeFile(
        inProject(page),
        before.replace(place, () => `${text}\n`),
      );
    }
    const fence = (await readFences(page)).find((one) => one.info === info);
    assert.is(fence?.text.trimEnd(), text);
  });

test('every reason of a kubeconfig', async () => {
  const text = (await readFile(inProject(page), 'utf8')).replaceAll('\n', ' ');
  for (const fault of Object.values(kubeconfigFaults))
    assert.ok(text.includes(`\`${fault}\``), fault);
});

test('the exit code that it names is that of the class', async () => {
  const { exitCode } = failureClasses['secret-content'];
  assert.match(await readFile(inProject(page), 'utf8'), `exit code is ${exitCode}`);
});

test.run();
