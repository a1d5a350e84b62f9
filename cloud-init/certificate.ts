// The worker's certificate -> the node's name, as the API server will see it.
import { BootFailure, excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import type { Secret } from './secret.ts';

const prefix = 'system:node:';
const nodeNameForm = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
const nodeNameLengthMax = 253;

export interface WorkerCertificate {
  /** The common name without `system:node:`. */
  nodeName: string;
  /** Milliseconds since 1970. */
  expiresMs: number;
}

const failure = (file: string, reason: string) =>
  new BootFailure('secret-content', `${file}: ${reason}`);

/** Reads the text that `openssl x509` prints for a certificate. `file` names it in errors. */
export const parseCertificate = (printed: string, file: string): WorkerCertificate => {
  const commonName = /^\s*CN\s*=\s*(.*)$/m.exec(printed)?.[1]?.trim() ?? '';
  const nodeName = commonName.startsWith(prefix) ? commonName.slice(prefix.length) : '';
  if (!nodeNameForm.test(nodeName) || nodeName.length > nodeNameLengthMax) {
    const found = commonName === '' ? 'no common name' : `common name ${excerpt(commonName, 80)}`;
    throw failure(file, `${found}, a kubelet needs ${prefix}<node name>`);
  }
  const organizations = [...printed.matchAll(/^\s*O\s*=\s*(.*)$/gm)].map(([, name]) =>
    name?.trim(),
  );
  if (!organizations.includes('system:nodes'))
    throw failure(
      file,
      'organization system:nodes is missing, the API server takes it for no node',
    );
  const date = /^notAfter=(.*)$/m.exec(printed)?.[1] ?? '';
  return { nodeName, expiresMs: new Date(date).getTime() };
};

const printArguments =
  'x509 -noout -subject -enddate -dateopt iso_8601 -nameopt sname,sep_multiline,esc_ctrl,utf8'.split(
    ' ',
  );

/** Gives the certificate to openssl on standard input. */
export const readCertificate = (
  host: Host,
  file: string,
  certificate: Secret,
): WorkerCertificate => {
  const { exitCode, stdout, stderr } = host.run('openssl', printArguments, {
    stdin: certificate,
    timeoutMs: 10_000,
  });
  if (exitCode !== 0)
    throw failure(file, `openssl cannot read it: ${excerpt(stderr.split('\n')[0] ?? '', 120)}`);
  return parseCertificate(stdout, file);
};
