// The checks of a node's identity in the engine that runs them on a node: its big numbers are its own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkIdentity, type IdentityTexts } from '../../cloud-init/identity.ts';
import { debianPrograms } from '../../scripts/image/quickjs.ts';
import { kubeconfigFor } from '../../scripts/lab/pki.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { runTool } from '../../scripts/project/tools.ts';
import { authorityExtensions, issue, type Wanted } from '../fakes/openssl.ts';

const facts = {
  nowMs: Date.now() + 60_000,
  nodeIp: '172.31.0.20',
  authorityPath: '/ca.pem',
  certificatePath: '/w.pem',
  privateKeyPath: '/w-key.pem',
  certificateField: 'w.pem',
};

const program = `
import * as std from 'std';
import { checkIdentity } from './identity.ts';
const { sets, facts } = JSON.parse(std.loadFile(scriptArgs[1]));
std.out.puts(JSON.stringify(sets.map((texts) => checkIdentity(texts, facts))));
`;

const kinds: Required<Pick<Wanted, 'kind' | 'hash'>>[] = [
  { kind: 'rsa', hash: 'sha256' },
  { kind: 'rsa', hash: 'sha384' },
  { kind: 'rsa', hash: 'sha512' },
  { kind: 'p256', hash: 'sha256' },
  { kind: 'p256', hash: 'sha384' },
  { kind: 'p256', hash: 'sha512' },
];

/** A sound set, and the same with a CA that has the name and another key. */
const setsOf = ({ kind, hash }: (typeof kinds)[number]): IdentityTexts[] => {
  const common = { kind, hash, hasKeyIds: false };
  const makeAuthority = () =>
    issue({ ...common, subject: '/CN=Kubernetes', extensions: authorityExtensions });
  const [issuer, other] = [makeAuthority(), makeAuthority()];
  const worker = issue({
    ...common,
    issuer,
    subject: '/O=system:nodes/CN=system:node:a',
    extensions: ['subjectAltName=IP:172.31.0.20'],
  });
  const kubeconfig = kubeconfigFor('u', worker, issuer.certificate, 'https://a');
  const sound = {
    authority: issuer.certificate,
    certificate: worker.certificate,
    'private-key': worker.key,
    kubeconfig,
  };
  return [sound, { ...sound, authority: other.certificate }, { ...sound, certificate: 'x' }];
};

test('QuickJS finds what Node finds', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-identity-'));
  try {
    const [bundle, input] = ['check.mjs', 'sets.json'].map((name) => path.join(folder, name));
    await build({
      stdin: { contents: program, resolveDir: inProject('cloud-init'), loader: 'ts' },
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      external: ['std'],
      target: 'es2023',
      outfile: bundle as string,
      logLevel: 'silent',
    });
    // Many of each, as a wrong digit may need a number that begins with certain bits.
    const sets = kinds.flatMap((kind) => Array.from({ length: 4 }, () => setsOf(kind)).flat());
    await writeFile(input as string, JSON.stringify({ sets, facts }));
    const programs = await debianPrograms();
    const output = await runTool(
      path.join(programs, 'qjs'),
      ['--std', '-m', bundle as string, input as string],
      { step: 'qjs', timeoutMs: 60_000 },
    );
    const found = JSON.parse(output) as ReturnType<typeof checkIdentity>[];
    assert.equal(
      found,
      JSON.parse(JSON.stringify(sets.map((texts) => checkIdentity(texts, facts)))),
    );
    assert.equal(
      found.slice(0, 3).map(({ findings }) => findings.map(({ id }) => id)),
      [[], ['wrong-signature', 'other-authority'], ['no-certificate']],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
