// npm run secrets -- check, and command lines: what is printed, and the exit code.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fakeKeys } from '../../fakes/certificate.ts';
import { bootstrapFields, sharedFields } from '../../fakes/node.ts';
import { cluster, soundFiles, withFolder, workerFiles } from '../../fakes/secret-folder.ts';
import { runSecrets } from '../../fakes/secrets-service.ts';

test('check: a sound folder, one line for each secret', () =>
  withFolder({ ...soundFiles(), 'notes.txt': 'x', 'admin.pem': 'x' }, async (folder) => {
    await mkdir(path.join(folder, 'bin'));
    const { exitCode, stdout } = await runSecrets(['check', folder]);
    assert.match(stdout, /^worker-0 {3}ok, node ip-worker-0, \d+ days left$/m);
    assert.match(stdout, /^worker-10 {2}ok, node ip-worker-10, \d+ days left$/m);
    assert.match(stdout, /^shared {5}ok$/m);
    assert.match(stdout, /^ignored {4}admin\.pem, bin\/, notes\.txt$/m);
    assert.is(stdout.split('\n').length, 4);
    assert.is(exitCode, 0);
  }));

test('check: what new nodes ask with, and no worker', () => {
  const bootstrapOnly = { ...sharedFields(), ...bootstrapFields() };
  return withFolder(bootstrapOnly, async (folder) => {
    const { exitCode, stdout } = await runSecrets(['check', folder]);
    assert.equal(stdout.split('\n'), ['bootstrap  ok', 'shared     ok']);
    assert.is(exitCode, 0);
  });
});

test('check: a bootstrap kubeconfig without a token, beside sound workers', () =>
  withFolder({ ...soundFiles(), ...bootstrapFields('token: nothing') }, async (folder) => {
    const { exitCode, stdout } = await runSecrets(['check', folder]);
    assert.equal(stdout.split('\n').slice(2), [
      'bootstrap  1 error',
      '  error[no-token] bootstrap.kubeconfig has no bootstrap token',
      '    hint: a token is six characters, a dot and sixteen: kubeadm token generate makes one',
      'shared     ok',
    ]);
    assert.is(exitCode, 1);
  }));

test('check: every finding of every worker, what is shared once', () =>
  withFolder(
    {
      ...soundFiles(),
      [`${cluster}-worker-0-key.pem`]: workerFiles('worker-0', { keys: fakeKeys.proxy() })[
        `${cluster}-worker-0-key.pem`
      ],
      [`${cluster}-worker-10.kubeconfig`]: undefined,
      ...workerFiles('worker-2', { notAfter: new Date('2020-01-02'), addresses: [] }),
      'kube-proxy.kubeconfig': workerFiles('worker-0')[`${cluster}-worker-0.kubeconfig`],
      'ca-key.pem': 'x',
    },
    async (folder) => {
      const { exitCode, stdout } = await runSecrets(['check', folder]);
      assert.is(exitCode, 1);
      const lines = stdout.split('\n').map((line) => line.replace(/ \d+ days/, ' N days'));
      assert.equal(
        lines.map((line) => line.replace(/clock says .*/, 'clock says …')),
        [
          'worker-0   1 error, node ip-worker-0, N days left',
          `  error[other-key] ${cluster}-worker-0-key.pem is not the key of the certificate in ${cluster}-worker-0.pem`,
          '    hint: key and certificate are made together: take both from the same place',
          'worker-2   1 error, node ip-worker-2, expired N days ago',
          `  warning[no-address] ${cluster}-worker-2.pem does not name any IPv4 address of the node: kubectl logs and exec will fail verification`,
          '    hint: make one with this address among its subjectAltName',
          `  error[expired] ${cluster}-worker-2.pem expired on 2020-01-02T00:00Z, and the clock says …`,
          '    hint: make a new one, unless the clock is wrong',
          'worker-10  1 error, node ip-worker-10, N days left',
          `  error[no-field] ${cluster}-worker-10.kubeconfig is not there`,
          '    hint: docs/identity.md says what each secret holds',
          'shared     1 error',
          "  error[is-a-node] kube-proxy.kubeconfig is for CN=system:node:ip-worker-0, a node: kube-proxy would have a kubelet's rights",
          '    hint: write it with the certificate of system:kube-proxy',
          'refused    ca-key.pem is the private key of the CA, which never belongs on a worker',
          '    hint: move it away: whoever has it can make itself administrator of the cluster',
        ],
      );
    },
  ));

test('check: no worker, and no folder', () =>
  withFolder({ 'other-worker-0.pem': 'x' }, async (folder) => {
    const none = await runSecrets(['check', folder]);
    assert.is(none.exitCode, 1);
    assert.match(none.stdout, `workers    there is none: no file is called ${cluster}-<name>.pem`);
    await rm(path.join(folder, 'other-worker-0.pem'));
    const missing = await runSecrets(['check', path.join(folder, 'x')]);
    assert.equal(
      [missing.exitCode, missing.stderr],
      [2, `secrets    ${folder}/x: there is no such folder`],
    );
  }));

const wrongLines: [string[], RegExp][] = [
  [[], /check, put or list\?/],
  [['remove'], /check, put or list\?/],
  [['check'], /check: one DIR is needed/],
  [['put', 'a', 'b'], /put: one DIR is needed/],
  [['list', 'a'], /list: takes no DIR/],
  [['check', 'a', '--dry-run'], /--dry-run: check changes nothing/],
  [['list', '--endpoint', 'x'], /--endpoint: is no URL/],
  [['list', '--forse'], /Unknown option '--forse'/],
];
for (const [args, says] of wrongLines)
  test(`a command line that makes no sense: ${args.join(' ')}`, async () => {
    const { exitCode, stderr } = await runSecrets(args);
    assert.is(exitCode, 2);
    assert.match(stderr, says);
    assert.match(stderr, /npm run secrets -- check DIR/);
  });

test.run();
