// Credentials of a watch: a key that the kubelet has a file of is not copied, and what is copied into
// memory does not outlive the connection.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { watchWith } from '../../cloud-init/api-watch.ts';
import { Secret } from '../../cloud-init/secret.ts';
import { fakeKeys, pemOfKey } from '../fakes/certificate.ts';
import { createFakeHost, type FakeHost } from '../fakes/host.ts';

const key = pemOfKey(fakeKeys.worker());
const keyPath = '/var/lib/kubelet/node-key.pem';
const kubeconfig = {
  server: 'https://api',
  authority: { text: new Secret('authority') },
  certificate: { text: new Secret('certificate') },
  privateKey: { text: new Secret(key) },
};

const createNode = (keyFile: string): FakeHost =>
  createFakeHost({
    answer: () => ({ status: 0 }),
    files: {
      '/var/lib/kubelet/kubelet-config.yaml': `kind: KubeletConfiguration\ntlsPrivateKeyFile: "${keyPath}"\n`,
      [keyPath]: keyFile,
    },
  });

const copiesOn = (host: FakeHost): string[] =>
  [...host.entries.keys()].filter((path) => path.startsWith('/run/groundup/ready-'));

/** Copies that are there in the course of a watch, and what curl is told. */
const watch = (
  host: FakeHost,
  during: (say: (line: string) => void, pause: () => void) => void,
) => {
  let config = '';
  host.run = (_file, _args, { stdin, onLine, onPause }) => {
    config = (stdin as Secret).reveal();
    during(
      (line) => onLine?.(line),
      () => onPause?.(),
    );
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  watchWith(
    host,
    kubeconfig,
  )({
    path: '/api/v1/nodes',
    fieldSelector: 'metadata.name=a',
    seconds: 1,
    timeoutMs: 1000,
    onLine: () => false,
    onPause: () => undefined,
  });
  return config;
};

test('a key that the kubelet has a file of is read from there', () => {
  const host = createNode(`# a remark\n${key}`);
  let copies: string[] = [];
  const config = watch(host, () => {
    copies = copiesOn(host);
  });
  assert.match(config, `key = "${keyPath}"`);
  assert.equal(copies, ['/run/groundup/ready-ca.pem', '/run/groundup/ready-client.pem']);
});

for (const [what, keyFile] of [
  ['another key', pemOfKey(fakeKeys.proxy())],
  ['nothing', ''],
] as const)
  test(`${what} in the kubelet's file: a copy, which is gone with the first line`, () => {
    const host = createNode(keyFile);
    const copies: number[] = [];
    const config = watch(host, (say) => {
      copies.push(copiesOn(host).length);
      assert.is(host.status('/run/groundup/ready-client-key.pem')?.mode, 0o600);
      say('{}');
      copies.push(copiesOn(host).length);
    });
    assert.match(config, 'key = "/run/groundup/ready-client-key.pem"');
    assert.equal(copies, [3, 0]);
  });

test('an API server that says nothing: copies are gone when curl cannot need them any more', () => {
  const host = createNode('');
  const copies: number[] = [];
  watch(host, (_say, pause) => {
    pause();
    copies.push(copiesOn(host).length);
    host.sleep(6100);
    pause();
    copies.push(copiesOn(host).length);
  });
  assert.equal(copies, [3, 0]);
});

test.run();
