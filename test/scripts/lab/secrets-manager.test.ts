// The Secrets Manager emulator against two clients that AWS users have: its own SDK, and curl.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BatchGetSecretValueCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { vpc } from '../../../scripts/lab/addresses.ts';
import { secretsManagerListener } from '../../../scripts/lab/secrets-manager.ts';

const credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'a secret with "quotes" and a \\',
  sessionToken: 'session-token==',
};
const secrets = new Map([
  ['k8s/c/worker-0', '{"a":"1"}'],
  ['k8s/c/shared', '{"b":"2"}'],
]);

let server: Server;
let endpoint = '';

test.before(async () => {
  server = createServer(secretsManagerListener({ secrets, credentials }));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.after(() => {
  server.close();
});

const clientWith = (changes: Partial<typeof credentials> = {}, region: string = vpc.region) =>
  new SecretsManagerClient({
    region,
    endpoint,
    credentials: { ...credentials, ...changes },
    maxAttempts: 1,
  });

const errorNameOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return (error as Error).name;
  }
  return 'no error';
};

test('the SDK reads two secrets in one call', async () => {
  const { SecretValues = [], Errors = [] } = await clientWith().send(
    new BatchGetSecretValueCommand({ SecretIdList: [...secrets.keys()] }),
  );
  assert.equal(
    SecretValues.map(({ Name, SecretString }) => [Name, SecretString]),
    [...secrets],
  );
  assert.equal(Errors, []);
});

test('one that is missing is told beside those that are there', async () => {
  const { SecretValues = [], Errors = [] } = await clientWith().send(
    new BatchGetSecretValueCommand({ SecretIdList: ['k8s/c/shared', 'k8s/c/worker-9'] }),
  );
  assert.is(SecretValues.length, 1);
  assert.equal(
    Errors.map(({ SecretId, ErrorCode }) => [SecretId, ErrorCode]),
    [['k8s/c/worker-9', 'ResourceNotFoundException']],
  );
});

test('a single read of a missing secret is an error', async () => {
  const get = (SecretId: string) => clientWith().send(new GetSecretValueCommand({ SecretId }));
  assert.is((await get('k8s/c/shared')).SecretString, '{"b":"2"}');
  assert.is(await errorNameOf(get('k8s/c/worker-9')), 'ResourceNotFoundException');
});

const command = () => new BatchGetSecretValueCommand({ SecretIdList: ['k8s/c/shared'] });
const refused: [string, SecretsManagerClient | (() => SecretsManagerClient), string][] = [
  ['a wrong key', () => clientWith({ secretAccessKey: 'x' }), 'InvalidSignatureException'],
  ['an unknown key id', () => clientWith({ accessKeyId: 'AKIA' }), 'UnrecognizedClientException'],
  ['a wrong session', () => clientWith({ sessionToken: 'x' }), 'UnrecognizedClientException'],
  ['another region', () => clientWith({}, 'us-east-1'), 'InvalidSignatureException'],
  [
    'a clock that is ten minutes off',
    () =>
      new SecretsManagerClient({
        region: vpc.region,
        endpoint,
        credentials,
        maxAttempts: 1,
        systemClockOffset: -10 * 60_000,
      }),
    'InvalidSignatureException',
  ],
];
for (const [name, client, error] of refused)
  test(`refused: ${name}`, async () => {
    const made = typeof client === 'function' ? client() : client;
    assert.is(await errorNameOf(made.send(command())), error);
  });

test('no ids, and more than twenty, are refused', async () => {
  for (const count of [0, 21])
    assert.is(
      await errorNameOf(
        clientWith().send(
          new BatchGetSecretValueCommand({
            SecretIdList: Array.from({ length: count }, () => 'a'),
          }),
        ),
      ),
      'InvalidParameterException',
    );
});

const curl = async (body: string, options: readonly string[] = []): Promise<string> => {
  const config = [
    `url = "${endpoint}/"`,
    'silent',
    `aws-sigv4 = "aws:amz:${vpc.region}:secretsmanager"`,
    `user = "${`${credentials.accessKeyId}:${credentials.secretAccessKey}`.replaceAll(/["\\]/g, String.raw`\$&`)}"`,
    `header = "X-Amz-Security-Token: ${credentials.sessionToken}"`,
    'header = "Content-Type: application/x-amz-json-1.1"',
    'header = "X-Amz-Target: secretsmanager.BatchGetSecretValue"',
    `data-raw = ${JSON.stringify(body)}`,
    ...options,
  ].join('\n');
  const { stdout } = await execa('curl', ['-q', '--config', '-'], {
    input: config,
    timeout: 20_000,
  });
  return stdout;
};

test('curl --aws-sigv4 is let in, as the agent uses it', async () => {
  const answer = JSON.parse(await curl('{"SecretIdList":["k8s/c/shared"]}')) as {
    SecretValues: { SecretString: string }[];
  };
  assert.is(answer.SecretValues[0]?.SecretString, '{"b":"2"}');
});

test('a header that the signature covers and somebody changed is noticed', async () => {
  const changed = await curl('{"SecretIdList":["k8s/c/shared"]}', [
    'header = "X-Amz-Date: 20200101T000000Z"',
  ]);
  assert.match(changed, /InvalidSignatureException/);
});

test('what is no JSON and what is no operation', async () => {
  assert.match(await curl('{'), /SerializationException/);
  const unknown = await curl('{}', ['header = "X-Amz-Target: secretsmanager.DeleteSecret"']);
  assert.match(unknown, /Exception/);
});

test('a request without a signature is refused', async () => {
  const response = await fetch(endpoint, { method: 'POST', body: '{}' });
  assert.is(response.status, 400);
  assert.match(await response.text(), /MissingAuthenticationTokenException/);
});

test.run();
