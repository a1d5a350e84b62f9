// A folder of files -> what the nodes would say of them, and the values of the secrets.
import { X509Certificate } from 'node:crypto';
import type { NodeNames } from '../../cloud-init/derive.ts';
import { takeSecretFiles, type SecretFinding } from '../../cloud-init/secret-files.ts';
import { daysUntil } from '../../cloud-init/identity-report.ts';
import type { Settings } from '../../cloud-init/settings.ts';
import { Secret } from '../../cloud-init/secret.ts';
import type { SignatureCheck } from '../../cloud-init/signature.ts';
import { formatStep } from '../terminal/steps.ts';
import { fieldsOf, namesOf, type SecretFolder } from './folder.ts';

export interface WorkerCheck {
  worker: string;
  nodeName?: string;
  expiresMs?: number;
  /** Of the worker's own secret. */
  findings: SecretFinding[];
}

export interface FolderCheck {
  workers: WorkerCheck[];
  /** Of the secret of new nodes; absent when the folder has none. */
  bootstrapFindings?: SecretFinding[];
  /** Of the secret that they share, each once. */
  sharedFindings: SecretFinding[];
  isSound: boolean;
  /** Name of a secret -> its value, a JSON object. */
  values: Map<string, Secret>;
}

const pick = (folder: SecretFolder, fields: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    fields.flatMap((field) => {
      const text = folder.texts.get(field);
      return text === undefined ? [] : [[field, text.reveal()]];
    }),
  );

/** What openssl says on a node. */
const isSignedBy: SignatureCheck = (certificate, issuer) => {
  try {
    return new X509Certificate(certificate.pem).verify(new X509Certificate(issuer.pem).publicKey);
  } catch {
    // A certificate of a form that openssl does not read.
    return false;
  }
};

const isError = ({ severity }: { severity: string }): boolean => severity === 'error';

/** The same checks as a node's; only its address is not known yet. */
export const checkFolder = (
  folder: SecretFolder,
  settings: Settings,
  nowMs: number,
): FolderCheck => {
  const workers: WorkerCheck[] = [];
  const shared = new Map<string, SecretFinding>();
  const values = new Map<string, Secret>();
  const check = (names: NodeNames) => {
    const sharedFields = pick(folder, fieldsOf('shared', names));
    const nodeFields = pick(folder, fieldsOf('node', names));
    values.set(names.sharedSecret, new Secret(JSON.stringify(sharedFields)));
    values.set(names.nodeSecret, new Secret(JSON.stringify(nodeFields)));
    const fields = { [names.nodeSecret]: nodeFields, [names.sharedSecret]: sharedFields };
    const {
      files: _,
      findings,
      ...identity
    } = takeSecretFiles(fields, names, {
      nowMs,
      isSignedBy,
    });
    for (const finding of findings)
      if (finding.secret === names.sharedSecret)
        shared.set(`${finding.field} ${finding.text}`, finding);
    return { ...identity, findings: findings.filter(({ secret }) => secret === names.nodeSecret) };
  };
  for (const worker of folder.workers)
    workers.push({ worker, ...check(namesOf(worker, settings)) });
  const bootstrapFindings = folder.hasBootstrap
    ? check(namesOf('x', settings, 'tls-bootstrap')).findings
    : undefined;
  const all = [
    ...shared.values(),
    ...(bootstrapFindings ?? []),
    ...workers.flatMap(({ findings }) => findings),
  ];
  return {
    workers,
    ...(bootstrapFindings === undefined ? {} : { bootstrapFindings }),
    sharedFindings: [...shared.values()],
    isSound:
      (workers.length > 0 || folder.hasBootstrap) &&
      folder.refused.length === 0 &&
      !all.some(isError),
    values,
  };
};

export const formatDays = (days: number): string => `${days} day${Math.abs(days) === 1 ? '' : 's'}`;

/** `364 days left`, or how long ago a certificate expired. */
export const formatDaysLeft = (expiresMs: number, nowMs: number): string => {
  const days = daysUntil(expiresMs, nowMs);
  return days >= 0 ? `${formatDays(days)} left` : `expired ${formatDays(-days)} ago`;
};

const formatFinding = ({ id, severity, field, text, remedy }: SecretFinding): string => {
  const what = id === 'no-field' ? `${field} is not there` : `${field} ${text}`;
  return `  ${severity}[${id}] ${what}\n    hint: ${remedy}`;
};

const verdictOf = (findings: readonly SecretFinding[]): string => {
  const errors = findings.filter(isError).length;
  if (errors > 0) return errors === 1 ? '1 error' : `${errors} errors`;
  const warnings = findings.length;
  if (warnings === 0) return 'ok';
  return warnings === 1 ? 'ok, 1 warning' : `ok, ${warnings} warnings`;
};

/** One line for each secret, and below it every finding. */
export const formatCheck = (
  { refused, ignored }: SecretFolder,
  { workers, bootstrapFindings, sharedFindings }: FolderCheck,
  cluster: string,
  nowMs: number,
): string => {
  const lines: string[] = [];
  for (const { worker, nodeName, expiresMs, findings } of workers) {
    const parts = [
      verdictOf(findings),
      ...(nodeName === undefined ? [] : [`node ${nodeName}`]),
      ...(expiresMs === undefined ? [] : [formatDaysLeft(expiresMs, nowMs)]),
    ];
    lines.push(formatStep(worker, parts.join(', ')), ...findings.map(formatFinding));
  }
  if (bootstrapFindings !== undefined)
    lines.push(
      formatStep('bootstrap', verdictOf(bootstrapFindings)),
      ...bootstrapFindings.map(formatFinding),
    );
  if (workers.length > 0 || bootstrapFindings !== undefined)
    lines.push(
      formatStep('shared', verdictOf(sharedFindings)),
      ...sharedFindings.map(formatFinding),
    );
  else
    lines.push(
      formatStep('workers', `there is none: no file is called ${cluster}-<name>.pem`),
      '    hint: the cluster is that of images/worker.yaml',
    );
  for (const { file, reason, hint } of refused)
    lines.push(formatStep('refused', `${file} ${reason}`), `    hint: ${hint}`);
  if (ignored.length > 0) lines.push(formatStep('ignored', ignored.join(', ')));
  return lines.join('\n');
};
