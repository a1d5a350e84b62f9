// A secret, printed in every way that a mistake could print it, in Node and in the QuickJS of a node.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { build } from 'esbuild';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Secret } from '../../cloud-init/secret.ts';
import { debianPrograms } from '../../scripts/image/debian-programs.ts';
import { inProject } from '../../scripts/project/paths.ts';

const canary = 'canary-c0ffee-in-a-secret';
const endings = ['nothing', 'throws itself', 'throws an error', 'throws a cause'] as const;

/** Uses of a secret as only a mistake would have them: untyped, so that the compiler allows each. */
const probe = `
import { Secret } from ${JSON.stringify(inProject('cloud-init/secret.ts'))};
const [ending, text] = (globalThis.scriptArgs ?? process.argv).slice(-2);
const secret = new Secret(text);
const inside = { secret, list: [secret], map: new Map([['a', secret]]), set: new Set([secret]) };
const lines = {
  template: \`\${secret}\`,
  joined: '' + secret,
  String: String(secret),
  inList: [secret, [secret]].join(),
  concat: 'x'.concat(secret),
  replaced: 'x'.replace('x', secret),
  numbered: String(Number(secret)),
  json: JSON.stringify(secret),
  jsonInside: JSON.stringify(inside, null, 2),
  jsonKeys: JSON.stringify({ [secret]: 1 }),
  tag: Object.prototype.toString.call(secret),
  keys: Object.keys(secret).join(),
  values: Object.values(secret).join(),
  names: Object.getOwnPropertyNames(secret).join(),
  symbols: Object.getOwnPropertySymbols(secret).map(String).join(),
  spread: JSON.stringify({ ...secret }),
  assigned: JSON.stringify(Object.assign({}, secret)),
  error: String(new Error(secret)),
  stack: new Error(secret).stack,
  cause: JSON.stringify(new Error('x', { cause: secret }).cause),
  typeError: (() => { try { secret.missing(); } catch (error) { return String(error) + error.stack; } })(),
  callError: (() => { try { secret(); } catch (error) { return String(error) + error.stack; } })(),
  inError: (() => { try { 'x' in String(secret); } catch (error) { return String(error); } })(),
  parseError: (() => { try { JSON.parse(secret); } catch (error) { return String(error); } })(),
  locale: secret.toLocaleString(),
};
for (const [name, line] of Object.entries(lines)) console.log(name + ': ' + line);
console.log(secret, inside, [secret], new Error('x', { cause: secret }));
if (globalThis.print) print(secret, inside);
for (const name of ['error', 'warn', 'dir', 'table']) console[name]?.(secret);
console.log(secret.reveal() === text ? 'reveal gives it' : 'reveal lost it');
if (ending === 'throws itself') throw secret;
if (ending === 'throws an error') throw new Error(secret);
if (ending === 'throws a cause') throw new Error('x', { cause: secret });
`;

let folder = '';
let file = '';

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-secret-'));
  file = path.join(folder, 'probe.mjs');
  const contents = { contents: probe, resolveDir: folder, loader: 'js' as const };
  await build({
    stdin: contents,
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    logLevel: 'silent',
  });
});
test.after(() => rm(folder, { recursive: true, force: true }));

const engines = {
  Node: [process.execPath],
  QuickJS: [path.join(await debianPrograms(), 'qjs'), '--std', '-m'],
};

for (const [engine, [program = '', ...args]] of Object.entries(engines))
  for (const ending of endings)
    test(`${engine}: a program that prints a secret in every way, and then ${ending}`, async () => {
      const { all, exitCode } = await execa(program, [...args, file, ending, canary], {
        all: true,
        reject: false,
        timeout: 30_000,
      });
      // It went through all of them, and the search would find it.
      assert.match(all, 'reveal gives it');
      assert.match(all, 'template: REDACTED');
      assert.is(exitCode, ending === 'nothing' ? 0 : 1, all);
      assert.not.match(all, canary);
    });

test('what Node alone can do with a secret', () => {
  const secret = new Secret(canary);
  const depth = {
    showHidden: true,
    depth: 9,
    getters: true,
    showProxy: true,
    customInspect: false,
  };
  const printed = [
    format('%s %o %O %j %d', secret, secret, secret, secret, secret),
    inspect({ secret }, depth),
    inspect(new Error('x', { cause: secret }), depth),
    inspect(new Proxy(secret, {}), depth),
    serialize(secret).toString('latin1'),
    JSON.stringify(structuredClone(secret)),
  ];
  try {
    assert.equal(secret, { other: secret });
  } catch (error) {
    printed.push(inspect(error, depth));
  }
  assert.is(printed.length, 7);
  assert.not.match(printed.join('\n'), canary);
});

test('the search would find a text that is not wrapped', () => {
  assert.match(inspect({ text: canary }), canary);
});

test.run();
