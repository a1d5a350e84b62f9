// npm run secrets -- put and list, against an emulator that checks signatures and answers as AWS does.
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { vpc } from '../../../scripts/lab/addresses.ts';
import { bootstrapFields, secretMark, sharedFields } from '../../fakes/node.ts';
import { cluster, soundFiles, withFolder } from '../../fakes/secret-folder.ts';
import { credentials, runSecrets, withService } from '../../fakes/secrets-service.ts';

const names = ['shared', 'worker-0', 'worker-10'].map((name) => `k8s/${cluster}/${name}`);

test('put: says what it would do, does it, and then finds nothing to do', () =>
  withService('administrator', (endpoint, secrets, operations) =>
    withFolder(soundFiles(), async (folder) => {
      const linesOf = async (...more: string[]): Promise<string[]> => {
        const { exitCode, stdout, stderr } = await runSecrets([
          'put',
          folder,
          '--endpoint',
          endpoint,
          ...more,
        ]);
        assert.equal([exitCode, stderr], [0, '']);
        return stdout.split('\n').filter((line) => line.startsWith('put '));
      };
      assert.equal(
        await linesOf('--dry-run'),
        names.map((name) => `put        ${name} would be created`),
      );
      assert.is(secrets.size, 0);
      assert.equal(
        await linesOf(),
        names.map((name) => `put        ${name} created`),
      );
      assert.equal([...secrets.keys()], names);
      const files = soundFiles();
      assert.equal(Object.keys(JSON.parse(secrets.get(names[1] as string) ?? '')), [
        `${cluster}-worker-0.pem`,
        `${cluster}-worker-0-key.pem`,
        `${cluster}-worker-0.kubeconfig`,
      ]);
      const shared = JSON.parse(secrets.get(names[0] as string) ?? '') as Record<string, string>;
      assert.is(shared['ca.pem'], files['ca.pem']);
      operations.length = 0;
      assert.equal(
        await linesOf(),
        names.map((name) => `put        ${name} is as it should be`),
      );
      assert.equal(
        operations.filter((name) => !/^(?:Describe|Get)/.test(name)),
        [],
      );
    }),
  ));

test('put: what new nodes ask with is a secret of its own', () =>
  withService('administrator', (endpoint, secrets) =>
    withFolder({ ...sharedFields(), ...bootstrapFields() }, async (folder) => {
      const { exitCode } = await runSecrets(['put', folder, '--endpoint', endpoint]);
      assert.is(exitCode, 0);
      assert.equal([...secrets.keys()].toSorted(), [
        `k8s/${cluster}/bootstrap`,
        `k8s/${cluster}/shared`,
      ]);
      const bootstrap = secrets.get(`k8s/${cluster}/bootstrap`) ?? '';
      assert.equal(JSON.parse(bootstrap), bootstrapFields());
    }),
  ));

test('put: only what differs gets a new value, and its fields are named', () =>
  withService('administrator', (endpoint, secrets, operations) =>
    withFolder(soundFiles(), async (folder) => {
      await runSecrets(['put', folder, '--endpoint', endpoint]);
      const [, name = ''] = names;
      const field = `${cluster}-worker-0.pem`;
      const before = secrets.get(name) ?? '';
      const old = { ...(JSON.parse(before) as object), [field]: secretMark, gone: secretMark };
      secrets.set(name, JSON.stringify(old));
      operations.length = 0;
      const dry = await runSecrets(['put', folder, '--endpoint', endpoint, '--dry-run']);
      assert.match(dry.stdout, `put        ${name} would be given a new value: ${field}, gone`);
      const { stdout } = await runSecrets(['put', folder, '--endpoint', endpoint]);
      assert.match(stdout, `put        ${name} given a new value: ${field}, gone`);
      assert.is(secrets.get(name), before);
      assert.equal(
        operations.filter((one) => !/^(?:Describe|Get)/.test(one)),
        ['PutSecretValue'],
      );
    }),
  ));

test('put: nothing is asked of AWS when the check fails', () =>
  withService('administrator', (endpoint, secrets, operations) =>
    withFolder({ ...soundFiles(), 'ca.pem': 'x' }, async (folder) => {
      const { exitCode, stdout, stderr } = await runSecrets([
        'put',
        folder,
        '--endpoint',
        endpoint,
      ]);
      assert.is(exitCode, 1);
      assert.match(stdout, /error\[no-certificate\] ca\.pem is not a PEM certificate/);
      assert.is(stderr, 'put        nothing was put: the errors come first');
      assert.equal([secrets.size, operations], [0, []]);
    }),
  ));

test('list: each secret with its age and the days that are left', () =>
  withService('administrator', (endpoint, secrets) =>
    withFolder(soundFiles(), async (folder) => {
      const list = () => runSecrets(['list', '--endpoint', endpoint]);
      assert.is((await list()).stdout, 'list       there is no secret below k8s/');
      await runSecrets(['put', folder, '--endpoint', endpoint]);
      secrets.set('k8s/other/worker-1', 'no JSON');
      secrets.set('elsewhere/c/worker-1', '{}');
      // More than one request may ask for.
      for (let index = 20; index < 45; index += 1)
        secrets.set(`k8s/${cluster}/worker-${index}`, secrets.get(names[1] as string) as string);
      const { exitCode, stdout } = await list();
      assert.is(exitCode, 0);
      const lines = stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  '));
      assert.is(lines.length, 29);
      assert.match(lines[0] ?? '', /\/shared {2}changed today {2}CA \d+ days left$/);
      assert.match(lines[1] ?? '', /\/worker-0 {2}changed today {2}certificate \d+ days left$/);
      assert.match(lines[2] ?? '', /\/worker-10 {2}/);
      assert.match(lines[3] ?? '', /\/worker-20 {2}changed today {2}no certificate$/);
      assert.is(lines.at(-1), 'k8s/other/worker-1  changed today  no certificate');
    }),
  ));

test('put: a secret that is to be deleted is not written over', () =>
  withService('administrator', (endpoint, secrets) =>
    withFolder(soundFiles(), async (folder) => {
      await runSecrets(['put', folder, '--endpoint', endpoint]);
      const [, name = ''] = names;
      const client = new SecretsManagerClient({ region: vpc.region, endpoint, credentials });
      await client.send(new DeleteSecretCommand({ SecretId: name }));
      const before = secrets.get(name);
      const { exitCode, stderr } = await runSecrets(['put', folder, '--endpoint', endpoint]);
      assert.equal(
        [exitCode, stderr],
        [
          1,
          `aws        secret ${name} is scheduled for deletion\n` +
            `           hint: aws secretsmanager restore-secret --secret-id ${name}`,
        ],
      );
      assert.is(secrets.get(name), before);
      const { stdout } = await runSecrets(['list', '--endpoint', endpoint]);
      assert.is(stdout.includes(name.concat(' ')), false);
    }),
  ));

test('what AWS refuses is one line with its remedy', () =>
  withService('worker', async (endpoint) => {
    const failing: [Record<string, string>, RegExp][] = [
      [
        {},
        /^aws {8}AccessDeniedException: User: .* not authorized to perform: secretsmanager:ListSecrets .*\n {11}hint: docs\/identity\.md says what the role/,
      ],
      [
        { AWS_SECRET_ACCESS_KEY: 'x' },
        /^aws {8}InvalidSignatureException: .*\n {11}hint: is the secret key right/,
      ],
      [
        { AWS_SESSION_TOKEN: 'x' },
        /^aws {8}UnrecognizedClientException: .*\n {11}hint: AWS does not know/,
      ],
      [{ AWS_REGION: '' }, /^aws {8}no region is set\n {11}hint: AWS_REGION=/],
      [
        { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '' },
        /^aws {8}no credentials were found\n {11}hint: aws sso login/,
      ],
    ];
    for (const [environment, says] of failing) {
      const { exitCode, stderr } = await runSecrets(['list', '--endpoint', endpoint], environment);
      assert.match(stderr, says);
      assert.is(stderr.split('\n').length, 2);
      assert.is(exitCode, 1);
    }
    const nobody = await runSecrets(['list', '--endpoint', 'http://127.0.0.1:9']);
    assert.match(nobody.stderr, /^aws {8}.*ECONNREFUSED.*\n {11}hint: is the region right/);
  }));

test.run();
