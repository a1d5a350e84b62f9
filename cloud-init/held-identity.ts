// What a node keeps from an earlier boot -> its secrets' files as they are, once it has its certificate.
// With tls-bootstrap a later boot needs neither token nor Secrets Manager.
import { kubeletClientPath, type NodeNames } from './derive.ts';
import { filesWith } from './files.ts';
import type { Host } from './hosts/host.ts';
import { nodePrefix } from './identity-report.ts';
import { isRecorded } from './instance.ts';
import { Secret } from './secret.ts';
import { readCertificates } from './x509.ts';

/** True when the kubelet has a certificate of that name that is valid now. */
const hasCertificate = (host: Pick<Host, 'readFile'>, nodeName: string, nowMs: number): boolean => {
  const [certificate] = readCertificates(host.readFile(kubeletClientPath) ?? '') ?? [];
  return (
    certificate?.commonName === `${nodePrefix}${nodeName}` &&
    certificate.notBeforeMs <= nowMs &&
    nowMs <= certificate.notAfterMs
  );
};

/** By path; undefined when anything is missing, has expired, or is another node's. */
export const readHeldFiles = (
  host: Pick<Host, 'readFile'>,
  names: NodeNames,
  node: { nodeName: string; instanceId: string },
  nowMs: number,
): Map<string, Secret> | undefined => {
  if (!isRecorded(host, node.instanceId, names)) return undefined;
  if (!hasCertificate(host, node.nodeName, nowMs)) return undefined;
  const held = new Map<string, Secret>();
  for (const { path: pathOf, source } of filesWith(names)) {
    if (source.from !== 'secret' || source.role === 'bootstrap') continue;
    const path = pathOf(names);
    const content = host.readFile(path);
    if (content === undefined || content === '') return undefined;
    held.set(path, new Secret(content));
  }
  return held;
};
