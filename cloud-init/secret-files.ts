// The fields of two secrets -> the files that come from them, the node's name, and every fault at once.
import { authorityPath, certificatePath, privateKeyPath, type NodeNames } from './derive.ts';
import { filesWith, type SecretRole } from './files.ts';
import { checkIdentity, type IdentityTexts } from './identity.ts';
import { fillMessage, identityMessages, type IdentityMessageId } from './identity-messages.ts';
import { Secret } from './secret.ts';
import type { SignatureCheck } from './signature.ts';
import type { SecretFields } from './secrets.ts';

export interface SecretFinding {
  id: IdentityMessageId;
  severity: 'error' | 'warning';
  /** The secret's name, and the field in it, which is a file's name. */
  secret: string;
  field: string;
  text: string;
  remedy: string;
}

export interface SecretFiles {
  /** By path on the node. */
  files: Map<string, Secret>;
  /** Absent when no certificate names the node; with the identity `files` there is an error, too. */
  nodeName?: string;
  /** When the worker's certificate expires, milliseconds since 1970. */
  expiresMs?: number;
  findings: SecretFinding[];
}

const placeOf = (names: NodeNames) => {
  const places = new Map<SecretRole, { secret: string; field: string; path: string }>();
  for (const { path, source } of filesWith(names)) {
    if (source.from !== 'secret') continue;
    const secret = source.secret === 'node' ? names.nodeSecret : names.sharedSecret;
    places.set(source.role, { secret, field: source.field(names), path: path(names) });
  }
  return places;
};

/** Takes the fields apart and checks them; a clock that is wrong makes valid certificates look old. */
export const takeSecretFiles = (
  fields: SecretFields,
  names: NodeNames,
  facts: { nowMs: number; nodeIp?: string; isSignedBy: SignatureCheck },
): SecretFiles => {
  const files = new Map<string, Secret>();
  const findings: SecretFinding[] = [];
  const texts: IdentityTexts = {};
  const places = placeOf(names);
  for (const [role, { secret, field, path }] of places) {
    const found = fields[secret]?.[field];
    if (typeof found !== 'string') {
      const id = found === undefined ? 'no-field' : 'not-text';
      const { severity, text, remedy } = identityMessages[id];
      findings.push({ id, severity, secret, field, text: fillMessage(text, { field }), remedy });
      continue;
    }
    texts[role] = found;
    files.set(path, new Secret(found.endsWith('\n') ? found : `${found}\n`));
  }
  const identity = checkIdentity(texts, {
    ...facts,
    authorityPath,
    certificatePath: certificatePath(names),
    privateKeyPath: privateKeyPath(names),
    certificateField: places.get('certificate')?.field ?? '',
  });
  for (const { role, ...finding } of identity.findings) {
    const { secret = '', field = '' } = places.get(role) ?? {};
    findings.push({ ...finding, secret, field });
  }
  const { nodeName, expiresMs } = identity;
  return {
    files,
    findings,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(expiresMs === undefined ? {} : { expiresMs }),
  };
};

/** One line, e.g. `secret k8s/c/worker-0: c-worker-0.pem expired on … (make a new one, …)`. */
export const formatSecretFinding = ({ id, secret, field, text, remedy }: SecretFinding): string => {
  const place = id === 'no-field' ? secret : `${secret}: ${field}`;
  return `secret ${place} ${text} (${remedy})`;
};
