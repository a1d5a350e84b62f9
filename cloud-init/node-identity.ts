// Names + a way to read secrets -> the node's name and the files that come from secrets, all checked.
import { identityOf, ownNodeName, type NodeNames } from './derive.ts';
import { BootFailure } from './failure.ts';
import { imdsFailure } from './imds-session.ts';
import { readHeldFiles } from './held-identity.ts';
import type { Host } from './hosts/host.ts';
import type { Finding } from './report.ts';
import { formatSecretFinding, takeSecretFiles } from './secret-files.ts';
import type { SecretFields } from './secrets.ts';
import type { Secret } from './secret.ts';
import { createSignatureCheck } from './signature.ts';
import type { NodeRequest } from './validate.ts';

export interface NodeIdentity {
  nodeName: string;
  /** By path on the node. */
  secretFiles: Map<string, Secret>;
}

export interface IdentitySource {
  names: NodeNames;
  request: Pick<NodeRequest, 'name' | 'settings'>;
  facts: { nodeIp: string; instanceId: string; privateDnsName?: string };
  /** Asks Secrets Manager; only called when its answer is needed. */
  readFields: () => SecretFields;
  /** Called in its place: what comes with its answer is to be checked as well. */
  checkWithoutFields: () => void;
}

/** Warnings go to the journal; errors are one BootFailure. */
const checkSecrets = (host: Host, { names, facts, readFields }: IdentitySource) => {
  const { files, nodeName, findings } = takeSecretFiles(readFields(), names, {
    nowMs: Date.now(),
    nodeIp: facts.nodeIp,
    isSignedBy: createSignatureCheck(host),
  });
  const linesOf = (wanted: Finding['severity']): string[] =>
    findings.filter(({ severity }) => severity === wanted).map(formatSecretFinding);
  for (const line of linesOf('warning')) host.log('warning', `groundup: ${line}`);
  const errors = linesOf('error');
  if (errors.length > 0) throw new BootFailure('secret-content', errors.join('; '));
  return { files, nodeName };
};

/**
 * With `files` the certificate names the node; with `tls-bootstrap` user-data or the instance does,
 * and a node that has its certificate asks for nothing. Throws a BootFailure.
 */
export const takeIdentity = (host: Host, source: IdentitySource): NodeIdentity => {
  const { names, request, facts } = source;
  if (identityOf(request.settings) === 'files') {
    const { files, nodeName } = checkSecrets(host, source);
    if (nodeName === undefined) throw new Error('a certificate without a name was let through');
    return { nodeName, secretFiles: files };
  }
  const { instanceId } = facts;
  const nodeName = ownNodeName(request, facts);
  if (nodeName === undefined)
    throw imdsFailure('local-hostname: there is none, and node-name is private-dns-name');
  const held = readHeldFiles(host, names, { nodeName, instanceId }, Date.now());
  if (held === undefined) return { nodeName, secretFiles: checkSecrets(host, source).files };
  source.checkWithoutFields();
  return { nodeName, secretFiles: held };
};
