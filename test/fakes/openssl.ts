// Certificates as people make them, by openssl: any kind of key, hash, name and extension.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';

export type KeyKind = 'rsa' | 'p256' | 'p384' | 'ed25519';
export type KeyForm = 'pkcs8' | 'pkcs1' | 'sec1';

export interface Issued {
  certificate: string;
  key: string;
  certificateFile: string;
  keyFile: string;
}

export interface Wanted {
  /** As `-subj` has it. */
  subject: string;
  /** Itself when absent. */
  issuer?: Issued;
  kind?: KeyKind;
  keyForm?: KeyForm;
  hash?: 'sha256' | 'sha384' | 'sha512';
  /** As `-addext` has them. */
  extensions?: readonly string[];
  /** False: without the ids of its own key and of the issuer's. */
  hasKeyIds?: boolean;
  days?: number;
}

const folder = mkdtempSync(path.join(tmpdir(), 'groundup-openssl-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let count = 0;
/** Without the extensions that the distribution's file adds. */
const configFile = path.join(folder, 'openssl.cnf');
writeFileSync(configFile, '[req]\ndistinguished_name = dn\n[dn]\n');

const keyOf = (kind: KeyKind, type: KeyForm): string => {
  const pem = { type, format: 'pem' } as const;
  if (kind === 'rsa')
    return generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export(pem as { type: 'pkcs1'; format: 'pem' })
      .toString();
  if (kind === 'ed25519')
    return generateKeyPairSync('ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
  return generateKeyPairSync('ec', { namedCurve: kind === 'p256' ? 'P-256' : 'P-384' })
    .privateKey.export(pem as { type: 'sec1'; format: 'pem' })
    .toString();
};

/** Makes a key and a certificate for it. */
export const issue = (wanted: Wanted): Issued => {
  const { subject, issuer, kind = 'p256', keyForm = 'pkcs8', hash = 'sha256' } = wanted;
  count += 1;
  const keyFile = path.join(folder, `${count}-key.pem`);
  const certificateFile = path.join(folder, `${count}.pem`);
  const key = keyOf(kind, keyForm);
  // openssl adds both unless it is told not to.
  const withoutKeyIds = ['subjectKeyIdentifier=none', 'authorityKeyIdentifier=none'];
  const extensions = [
    ...(wanted.hasKeyIds === false ? withoutKeyIds : []),
    ...(wanted.extensions ?? []),
  ];
  writeFileSync(keyFile, key, { mode: 0o600 });
  execaSync('openssl', [
    ...[
      'req',
      '-x509',
      '-config',
      configFile,
      '-new',
      '-key',
      keyFile,
      '-subj',
      subject,
      '-out',
      certificateFile,
    ],
    ...['-days', String(wanted.days ?? 60), `-${hash}`],
    ...(issuer === undefined ? [] : ['-CA', issuer.certificateFile, '-CAkey', issuer.keyFile]),
    ...extensions.flatMap((extension) => ['-addext', extension]),
  ]);
  return { certificate: readFileSync(certificateFile, 'utf8'), key, certificateFile, keyFile };
};

export const authorityExtensions = ['basicConstraints=critical,CA:TRUE'];

/** The text of an openssl command that reads a key and writes it in another form. */
export const convertKey = (keyFile: string, args: readonly string[]): string =>
  execaSync('openssl', [...args, '-in', keyFile]).stdout;
