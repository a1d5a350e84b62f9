// A certificate and the key of its issuer -> whether that key made the certificate's signature.
// Checked: RSA (PKCS #1 version 1.5) and ECDSA on P-256, both with SHA-256, SHA-384 or SHA-512. In
// QuickJS on the build machine that takes 2 ms for RSA with SHA-256, 5 ms with SHA-512 and 4 ms for
// ECDSA. Not checked, so that names and key ids alone decide: other curves, RSA-PSS, Ed25519, SHA-1.
import { isEcdsaSignature, isLongPoint, p256 } from './ecdsa.ts';
import { keyAlgorithms } from './private-key.ts';
import { isRsaSignature } from './rsa.ts';
import type { HashName } from './sha2.ts';
import { tryRead, type Certificate, type PublicKey } from './x509.ts';

/** Object identifier of the algorithm, hexadecimal. */
const algorithms: Record<string, { key: keyof typeof keyAlgorithms; hash: HashName }> = {
  '2a864886f70d01010b': { key: 'rsa', hash: 'sha256' },
  '2a864886f70d01010c': { key: 'rsa', hash: 'sha384' },
  '2a864886f70d01010d': { key: 'rsa', hash: 'sha512' },
  '2a8648ce3d040302': { key: 'ellipticCurve', hash: 'sha256' },
  '2a8648ce3d040303': { key: 'ellipticCurve', hash: 'sha384' },
  '2a8648ce3d040304': { key: 'ellipticCurve', hash: 'sha512' },
};

/** True also for an algorithm that is not checked; false is certain. */
export const maySign = (issuerKey: PublicKey, certificate: Certificate): boolean => {
  const { signed, signature, signatureAlgorithm } = certificate;
  const algorithm = algorithms[signatureAlgorithm];
  if (algorithm === undefined) return true;
  if (issuerKey.algorithm !== keyAlgorithms[algorithm.key]) return false;
  const { curve, bytes } = issuerKey;
  if (algorithm.key === 'rsa')
    return tryRead(() => isRsaSignature(algorithm.hash, bytes, signed, signature)) ?? false;
  if (curve !== p256 || !isLongPoint(bytes)) return true;
  return tryRead(() => isEcdsaSignature(algorithm.hash, bytes, signed, signature)) ?? false;
};
