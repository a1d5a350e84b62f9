// What the canary test looks for is what a key holds, and its search finds it in every form.
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  embeddedKeyNeedle,
  findNeedles,
  issuedNeedle,
  keyNeedles,
  newMarker,
  withMarker,
} from './canary/needles.ts';

const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;

const key = newKey();
const needles = [...keyNeedles('key', key, ['/key']), embeddedKeyNeedle('key', key, '/kubeconfig')];
const seenIn = (text: string | Buffer): string[] =>
  findNeedles(Buffer.from(text as string), needles).map(({ needle }) => needle.name);

test('the private number is the one that the key has', () => {
  const { d } = createPrivateKey(key).export({ format: 'jwk' });
  const [number] = needles.filter(({ name }) => name === 'key, as bytes');
  assert.is(number?.bytes.toString('base64url'), d);
  assert.equal(number?.allowed, []);
});

test('a key is seen as text, in JSON, in a kubeconfig and as bytes, and not in another key', () => {
  const lines = ['key, line 1', 'key, line 2'];
  assert.equal(seenIn(withMarker(key, newMarker())), lines);
  assert.equal(seenIn(JSON.stringify({ key })), lines);
  assert.equal(seenIn(Buffer.from(key).toString('base64')), ['key, embedded']);
  const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  assert.equal(seenIn(der), ['key, as bytes']);
  const other = newKey();
  for (const text of [other, Buffer.from(other).toString('base64')]) assert.equal(seenIn(text), []);
});

test('a token is seen however it is escaped', () => {
  const token = randomBytes(120).toString('base64');
  const needle = issuedNeedle('token', token);
  for (const text of [token, encodeURIComponent(token), token.replaceAll('/', '\\/')])
    assert.is(findNeedles(Buffer.from(text), [needle]).length, 1);
  assert.ok(needle.bytes.length >= 8);
});

test.run();
