// docs/tls-bootstrap.md: its user-data is valid, and the console lines are the ones that a node prints.
// test/lab/tls-bootstrap.long.test.ts applies the rest of the page to a control plane.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { ready } from '../../cloud-init/ready.ts';
import { checkUserData } from '../../cloud-init/validate.ts';
import type { FakeHost } from '../fakes/host.ts';
import { bootstrapFields, createNode, environment, settings, sharedFields } from '../fakes/node.ts';
import { readFences } from './page.ts';

const fences = await readFences('docs/tls-bootstrap.md');
const shown = (info: string): string | undefined =>
  fences.find((fence) => fence.info === info)?.text.trim();
const userData = fences.find(({ text }) => text.startsWith('pod-cidr='))?.text ?? '';

const createBootstrapNode = (credentials?: string): FakeHost =>
  createNode({
    userData,
    secretFields: {
      [`k8s/${settings.cluster}/bootstrap`]: bootstrapFields(credentials),
      [`k8s/${settings.cluster}/shared`]: sharedFields(),
    },
  });

test('the line of user-data', () => {
  assert.is(checkUserData(userData, settings).kind, 'node');
});

test('a request that nobody approved', () => {
  const host = createBootstrapNode();
  configure(host, environment);
  ready(host, environment);
  assert.equal(host.consoleLines, [shown('console not-approved')]);
});

test('a secret without a token', () => {
  const host = createBootstrapNode('token: nothing');
  configure(host, environment);
  assert.equal(host.consoleLines, [shown('console no-token')]);
});

test.run();
