// A certificate and its issuer's -> whether the issuer's key made the signature. The node's openssl says.
import { excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import type { Certificate } from './x509.ts';

/** False is certain. True also when nobody could tell: names and key ids decide then. */
export type SignatureCheck = (certificate: Certificate, issuer: Certificate) => boolean;

/** Certificates are public; openssl reads one of the two from its standard input. */
const issuerPath = '/run/groundup/issuer.pem';

/** Only the signature is asked for: the other checks have findings of their own. */
const options = ['-partial_chain', '-no_check_time', '-no-CAfile', '-no-CApath', '-no-CAstore'];

/** 6 ms on the build machine. An openssl that cannot tell is a line in the journal. */
export const createSignatureCheck =
  (host: Host): SignatureCheck =>
  (certificate, issuer) => {
    const warn = (said: string): true => {
      host.log('warning', `groundup: openssl cannot check a signature: ${said}`);
      return true;
    };
    try {
      host.remove(issuerPath);
      host.createFile(issuerPath, issuer.pem, 0o600);
      const args = ['verify', ...options, '-trusted', host.place(issuerPath)];
      const result = host.run('openssl', args, { stdin: certificate.pem, timeoutMs: 10_000 });
      host.remove(issuerPath);
      if (result.exitCode === 0) return true;
      if (/certificate signature failure/.test(result.stderr)) return false;
      return warn(excerpt(result.stderr) || `exit code ${result.exitCode}`);
    } catch (error) {
      return warn((error as Error).message);
    }
  };
