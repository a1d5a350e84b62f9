// The worker's certificate -> the node's name: the API server knows the kubelet by nothing else.
// https://kubernetes.io/docs/reference/access-authn-authz/node/
import { BootFailure } from './failure.ts';
import type { Host } from './host.ts';
import type { Secret } from './secret.ts';

const userPrefix = 'system:node:';
const nodeName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The common name in `openssl x509 -subject -nameopt multiline`. */
export const commonNameOf = (subject: string): string | undefined =>
  /^\s*commonName\s*=\s*(.+?)\s*$/m.exec(subject)?.[1];

/** CN `system:node:<name>` -> `<name>`; `fileName` is what a failure calls the certificate. */
export const nodeNameOf = (host: Host, certificate: Secret, fileName: string): string => {
  const result = host.run({
    file: 'openssl',
    args: ['x509', '-noout', '-subject', '-nameopt', 'multiline'],
    stdin: certificate.reveal(),
    timeoutMs: 10_000,
  });
  if (result.exitCode !== 0)
    throw new BootFailure('certificate', `${fileName} is not a certificate in PEM form`);
  const commonName = commonNameOf(result.stdout) ?? '';
  const name = commonName.startsWith(userPrefix) ? commonName.slice(userPrefix.length) : '';
  if (!nodeName.test(name))
    throw new BootFailure(
      'certificate',
      `${fileName} has CN ${JSON.stringify(commonName)}, which is not ${userPrefix}<node name>`,
    );
  return name;
};
