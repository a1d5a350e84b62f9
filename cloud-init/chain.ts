// A certificate, those behind it and the authorities -> the authority that it leads to, or why to none.
// https://www.rfc-editor.org/rfc/rfc5280#section-6
import type { SignatureCheck } from './signature.ts';
import type { Certificate } from './x509.ts';

export type ChainFault = 'unknown-issuer' | 'not-an-authority' | 'other-key-id' | 'wrong-signature';

export type Chain =
  | { path: Certificate[] }
  | {
      fault: ChainFault;
      /** The certificate that leads no further, and the issuer that does not fit, if there is one. */
      certificate: Certificate;
      issuer?: Certificate;
    };

/** Version 1 has no extensions that could say so. */
const mayIssue = ({ isAuthority, version }: Certificate): boolean => isAuthority || version < 3;

const linkFault = (
  certificate: Certificate,
  issuer: Certificate,
  isSignedBy: SignatureCheck,
): ChainFault | undefined => {
  if (!mayIssue(issuer)) return 'not-an-authority';
  const [wanted, found] = [certificate.authorityKeyId, issuer.subjectKeyId];
  if (wanted !== undefined && found !== undefined && wanted !== found) return 'other-key-id';
  return isSignedBy(certificate, issuer) ? undefined : 'wrong-signature';
};

/**
 * The way up from `certificate` to one of `authorities`, which comes last. Any authority that fits is
 * right; when none does, the fault is that of the first of the right name.
 */
export const findChain = (
  certificate: Certificate,
  intermediates: readonly Certificate[],
  authorities: readonly Certificate[],
  isSignedBy: SignatureCheck,
): Chain => {
  let fault: Chain = { fault: 'unknown-issuer', certificate };
  const keep = (found: Chain) => {
    if ('fault' in fault && fault.fault === 'unknown-issuer') fault = found;
  };
  for (const issuer of [...authorities, ...intermediates]) {
    if (issuer.subject !== certificate.issuer) continue;
    const broken = linkFault(certificate, issuer, isSignedBy);
    if (broken !== undefined) {
      keep({ fault: broken, certificate, issuer });
      continue;
    }
    if (authorities.includes(issuer)) return { path: [issuer] };
    const others = intermediates.filter((other) => other !== issuer);
    const above = findChain(issuer, others, authorities, isSignedBy);
    if ('path' in above) return { path: [issuer, ...above.path] };
    keep(above);
  }
  return fault;
};
