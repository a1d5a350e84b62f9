// The metadata service's contract, as AWS documents it, asked over loopback from two addresses.
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createImds, type ImdsRequest, type Instance } from '../../../scripts/lab/imds.ts';

const instance = (address: string, userData: string): Instance => ({
  address,
  instanceId: `i-${address}`,
  mac: '0e:49:61:0f:c3:14',
  hostname: 'ip-172-31-0-20',
  userData,
  publicKey: 'ssh-ed25519 AAAA lab',
  prefixes: [],
});
const instances = [instance('127.0.0.1', 'name=worker-0'), instance('127.0.0.2', '')];
const credentials = { accessKeyId: 'ASIAX', secretAccessKey: 'secret', sessionToken: 'token' };

const log: ImdsRequest[] = [];
let server: Server;
let port = 0;

interface Asking {
  method?: string;
  headers?: Record<string, string>;
  from?: string;
}

const ask = (path: string, { method = 'GET', headers = {}, from = '127.0.0.1' }: Asking = {}) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers, localAddress: from };
    const sent = request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });

const issued: string[] = [];
const ttl = 'X-aws-ec2-metadata-token-ttl-seconds';
const tokenFrom = async (from: string): Promise<string> =>
  (await ask('/latest/api/token', { method: 'PUT', headers: { [ttl]: '60' }, from })).body;
const read = async (path: string, from = '127.0.0.1') =>
  ask(path, { headers: { 'X-aws-ec2-metadata-token': await tokenFrom(from) }, from });

test.before(async () => {
  server = createImds({
    instanceAt: (address) => instances.find((known) => known.address === address),
    credentials,
    onToken: ({ token }) => void issued.push(token),
    onRequest: (entry) => log.push(entry),
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  ({ port } = server.address() as AddressInfo);
});
test.after(() => {
  server.close();
});

test('a plain GET is answered with 401: version 1 is off', async () => {
  assert.is((await ask('/latest/user-data')).status, 401);
  assert.is((await ask('/latest/meta-data/')).status, 401);
});

test('a token needs PUT and a lifetime from 1 to 21600 seconds', async () => {
  const put = (headers: Record<string, string>) =>
    ask('/latest/api/token', { method: 'PUT', headers });
  assert.is((await put({ [ttl]: '21600' })).status, 200);
  for (const wrong of ['0', '21601', 'x', '-1'])
    assert.is((await put({ [ttl]: wrong })).status, 400);
  const before = issued.length;
  assert.is((await put({})).status, 400);
  assert.is(issued.length, before);
  assert.is(await tokenFrom('127.0.0.1'), issued.at(-1));
  assert.is((await ask('/latest/api/token')).status, 405);
});

test('a proxy gets no token for its client', async () => {
  const headers = { [ttl]: '60', 'X-Forwarded-For': '10.0.0.1' };
  assert.is((await ask('/latest/api/token', { method: 'PUT', headers })).status, 403);
});

test('each instance has its own data, and its own tokens', async () => {
  assert.equal(await read('/latest/user-data'), { status: 200, body: 'name=worker-0' });
  assert.is((await read('/latest/meta-data/instance-id', '127.0.0.2')).body, 'i-127.0.0.2');
  const headers = { 'X-aws-ec2-metadata-token': await tokenFrom('127.0.0.2') };
  assert.is((await ask('/latest/user-data', { headers })).status, 401);
});

test('no user-data is 404, and so is what there is not', async () => {
  assert.is((await read('/latest/user-data', '127.0.0.2')).status, 404);
  assert.is((await read('/latest/meta-data/nothing')).status, 404);
  assert.is((await read('/2001-01-01/meta-data/')).status, 404);
});

test('an address that is no instance gets nothing', async () => {
  assert.is((await read('/latest/user-data', '127.0.0.3')).status, 404);
});

test('a folder lists its names, folders with a slash, keys with their number', async () => {
  const { body } = await read('/latest/meta-data/');
  const names = body.split('\n');
  for (const name of ['instance-id', 'local-ipv4', 'placement/', 'iam/', 'public-keys/'])
    assert.ok(names.includes(name), name);
  assert.is((await read('/latest/meta-data/public-keys/')).body, '0=lab');
  const key = await read('/latest/meta-data/public-keys/0/openssh-key');
  assert.is(key.body, 'ssh-ed25519 AAAA lab');
});

test("the role's credentials have the form that SDKs read", async () => {
  const roles = '/latest/meta-data/iam/security-credentials/';
  const role = (await read(roles)).body;
  const document = JSON.parse((await read(`${roles}${role}`)).body) as Record<string, string>;
  assert.is(document['Code'], 'Success');
  assert.is(document['AccessKeyId'], 'ASIAX');
  assert.is(document['SecretAccessKey'], 'secret');
  assert.is(document['Token'], 'token');
  assert.ok(Date.parse(document['Expiration'] ?? '') > Date.now());
});

test('every request is on record, with who asked', () => {
  const { address, method, path, status } = log[0] as ImdsRequest;
  assert.equal([address, method, path, status], ['127.0.0.1', 'GET', '/latest/user-data', 401]);
});

test.run();
