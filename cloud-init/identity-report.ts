// What the checks of a node's identity share: facts, what has been read so far, and where faults go.
import type { SecretRole } from './files.ts';
import { fillMessage, identityMessages, type IdentityMessageId } from './identity-messages.ts';
import type { PrivateKey } from './private-key.ts';
import type { SignatureCheck } from './signature.ts';
import type { Certificate } from './x509.ts';

export const nodePrefix = 'system:node:';

export interface IdentityFinding {
  id: IdentityMessageId;
  severity: 'error' | 'warning';
  role: SecretRole;
  /** What is wrong, without a word that is secret. */
  text: string;
  remedy: string;
}

export interface IdentityFacts {
  /** Milliseconds since 1970. */
  nowMs: number;
  /** The instance's private address; a check before there is an instance has none. */
  nodeIp?: string;
  /** Asked for a certificate and an issuer that fit by name, key id and kind. */
  isSignedBy: SignatureCheck;
  /** Where the CA, the worker's certificate and its key will be, as kubeconfigs may name them. */
  authorityPath: string;
  certificatePath: string;
  privateKeyPath: string;
  /** The name of the certificate's field, for texts. */
  certificateField: string;
}

export type Report = (
  role: SecretRole,
  id: IdentityMessageId,
  words?: Readonly<Record<string, string>>,
) => void;

/** What has been read of the texts so far, for checks that compare. */
export interface Known {
  facts: IdentityFacts;
  report: Report;
  authorities: readonly Certificate[];
  certificate?: Certificate;
  privateKey?: PrivateKey;
}

export const makeReport =
  (findings: IdentityFinding[]): Report =>
  (role, id, words = {}) => {
    const { severity, text, remedy } = identityMessages[id];
    findings.push({ id, severity, role, text: fillMessage(text, words), remedy });
  };

const dayMs = 86_400_000;
const soonDays = 30;

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Whole days from one moment to another; negative when it has passed. */
export const daysUntil = (ms: number, nowMs: number): number => Math.floor((ms - nowMs) / dayMs);

export const checkValidity = (
  { notBeforeMs, notAfterMs }: Certificate,
  role: SecretRole,
  { facts: { nowMs }, report }: Known,
): void => {
  const now = timeOf(nowMs);
  if (nowMs < notBeforeMs) report(role, 'not-yet-valid', { date: timeOf(notBeforeMs), now });
  else if (nowMs > notAfterMs) report(role, 'expired', { date: timeOf(notAfterMs), now });
  else {
    const days = daysUntil(notAfterMs, nowMs);
    if (days >= soonDays) return;
    const words = { days: days === 1 ? '1 day' : `${days} days`, date: dateOf(notAfterMs) };
    report(role, 'expires-soon', words);
  }
};

/** As openssl writes it, as far as people look for it. */
export const describeName = (commonName: string): string =>
  commonName === '' ? 'somebody without a common name' : `CN=${commonName}`;
