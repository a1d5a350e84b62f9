// The texts of a node's certificates, key and kubeconfigs -> its name, and every fault at once.
// docs/identity.md has the checks as a table.
import { findChain, type Chain } from './chain.ts';
import type { SecretRole } from './files.ts';
import { checkBootstrap, checkKubeconfig } from './identity-kubeconfig.ts';
import {
  checkValidity,
  describeName,
  makeReport,
  nodePrefix,
  type IdentityFacts,
  type IdentityFinding,
  type Known,
} from './identity-report.ts';
import { isKeyOf, readPrivateKey, type PrivateKey } from './private-key.ts';
import { readCertificates, type Certificate } from './x509.ts';

export interface Identity {
  /** The common name without `system:node:`; absent when the certificate has none. */
  nodeName?: string;
  /** Milliseconds since 1970; of the worker's certificate. */
  expiresMs?: number;
  findings: IdentityFinding[];
}

/** A role whose text is absent is not checked, and nothing is checked against it. */
export type IdentityTexts = Partial<Record<SecretRole, string>>;

const nodeNameForm = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
const nodeNameLengthMax = 253;

/** The common name without its prefix, when it is a node's. */
const nodeNameOf = (commonName: string): string | undefined => {
  const name = commonName.startsWith(nodePrefix) ? commonName.slice(nodePrefix.length) : '';
  return nodeNameForm.test(name) && name.length <= nodeNameLengthMax ? name : undefined;
};

const reportChain = (
  chain: Exclude<Chain, { path: unknown }>,
  { authorities, report }: Known,
): void => {
  const names = authorities.map(({ commonName }) => describeName(commonName));
  report('certificate', chain.fault, {
    issuer: describeName(chain.certificate.issuerCommonName),
    authorities: names.join(' and '),
  });
};

const checkChain = (
  certificate: Certificate,
  intermediates: readonly Certificate[],
  known: Known,
): void => {
  const { authorities, facts } = known;
  if (authorities.length === 0) return;
  const isValid = ({ notBeforeMs, notAfterMs }: Certificate) =>
    notBeforeMs <= facts.nowMs && facts.nowMs <= notAfterMs;
  // A CA that was renewed with its key is there twice: the one that is still valid counts.
  const inOrder = [
    ...authorities.filter(isValid),
    ...authorities.filter((authority) => !isValid(authority)),
  ];
  const chain = findChain(certificate, intermediates, inOrder, facts.isSignedBy);
  if ('fault' in chain) reportChain(chain, known);
  else
    for (const issuer of chain.path)
      checkValidity(issuer, authorities.includes(issuer) ? 'authority' : 'certificate', known);
};

const checkNames = (certificate: Certificate, { facts, report }: Known): void => {
  const { commonName, organizations, addresses } = certificate;
  if (nodeNameOf(commonName) === undefined) {
    const found = commonName === '' ? 'no common name' : `common name ${commonName}`;
    report('certificate', 'wrong-name', { found });
  }
  if (!organizations.includes('system:nodes')) report('certificate', 'no-organization');
  const { nodeIp } = facts;
  const isNamed = nodeIp === undefined ? addresses.length > 0 : addresses.includes(nodeIp);
  if (!isNamed)
    report('certificate', 'no-address', { address: nodeIp ?? 'any IPv4 address of the node' });
};

const checkCertificate = (text: string, known: Known): Certificate | undefined => {
  const [certificate, ...intermediates] = readCertificates(text) ?? [];
  if (certificate === undefined) {
    known.report('certificate', 'no-certificate');
    return undefined;
  }
  checkNames(certificate, known);
  checkValidity(certificate, 'certificate', known);
  checkChain(certificate, intermediates, known);
  return certificate;
};

const checkPrivateKey = (text: string, known: Known): PrivateKey | undefined => {
  const { certificate, facts, report } = known;
  const privateKey = readPrivateKey(text);
  if (privateKey === undefined) report('private-key', 'no-key');
  else if (certificate !== undefined && !isKeyOf(privateKey, certificate.publicKey))
    report('private-key', 'other-key', { field: facts.certificateField });
  return privateKey;
};

/** Checks what is there of a node's five texts, each for itself and against the others. */
export const checkIdentity = (texts: IdentityTexts, facts: IdentityFacts): Identity => {
  const findings: IdentityFinding[] = [];
  const report = makeReport(findings);
  const known: Known = { facts, report, authorities: [] };
  if (texts.authority !== undefined) {
    known.authorities = readCertificates(texts.authority) ?? [];
    if (known.authorities.length === 0) report('authority', 'no-certificate');
  }
  const certificate =
    texts.certificate === undefined ? undefined : checkCertificate(texts.certificate, known);
  if (certificate !== undefined) known.certificate = certificate;
  if (texts['private-key'] !== undefined) {
    const privateKey = checkPrivateKey(texts['private-key'], known);
    if (privateKey !== undefined) known.privateKey = privateKey;
  }
  for (const role of ['kubeconfig', 'proxy-kubeconfig'] as const) {
    const text = texts[role];
    if (text !== undefined) checkKubeconfig(text, role, known);
  }
  if (texts.bootstrap !== undefined) checkBootstrap(texts.bootstrap, known);
  const nodeName = certificate === undefined ? undefined : nodeNameOf(certificate.commonName);
  return {
    findings,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(certificate === undefined ? {} : { expiresMs: certificate.notAfterMs }),
  };
};
