// Every fault of a node's identity: what is said and what to do. docs/identity.md shows this table.
import { excerpt } from './failure.ts';

export interface IdentityMessage {
  /** An error ends the boot before anything is written; a warning is logged. */
  severity: 'error' | 'warning';
  /** Follows the field's name; `{word}` is replaced. Nothing secret is ever put in. */
  text: string;
  remedy: string;
}

const renew = 'make a new one';

export const identityMessages = {
  'no-field': {
    severity: 'error',
    text: 'has no field {field}',
    remedy: 'docs/identity.md says what each secret holds',
  },
  'not-text': {
    severity: 'error',
    text: 'is not text',
    remedy: 'the value of a field is the text of a file',
  },
  'no-certificate': {
    severity: 'error',
    text: 'is not a PEM certificate',
    remedy: 'cut short, or another kind of PEM?',
  },
  'no-key': {
    severity: 'error',
    text: 'is not a PEM private key without a passphrase',
    remedy: 'cut short, or with a passphrase?',
  },
  'wrong-name': {
    severity: 'error',
    text: 'has {found}, a kubelet needs system:node:<node name>',
    remedy: 'is it the certificate of something else?',
  },
  'no-organization': {
    severity: 'error',
    text: 'has no organization system:nodes, the API server takes it for no node',
    remedy: 'make one with O=system:nodes',
  },
  'not-yet-valid': {
    severity: 'error',
    text: 'is valid from {date}, and the clock says {now}',
    remedy: 'wait, or set the clock of where it was made or of this machine',
  },
  expired: {
    severity: 'error',
    text: 'expired on {date}, and the clock says {now}',
    remedy: `${renew}, unless the clock is wrong`,
  },
  'expires-soon': {
    severity: 'warning',
    text: 'expires in {days}, on {date}',
    remedy: `${renew} before that`,
  },
  'other-key': {
    severity: 'error',
    text: 'is not the key of the certificate in {field}',
    remedy: 'key and certificate are made together: take both from the same place',
  },
  'unknown-issuer': {
    severity: 'error',
    text: 'was issued by {issuer}, ca.pem has {authorities}',
    remedy: 'is ca.pem of another cluster, or an intermediate missing behind the certificate?',
  },
  'not-an-authority': {
    severity: 'error',
    text: 'was issued by {issuer}, which is no authority: basicConstraints CA:TRUE is missing',
    remedy: 'make the CA with CA:TRUE, and every certificate anew',
  },
  'other-key-id': {
    severity: 'error',
    text: 'was issued with another key than that of {issuer} in ca.pem: the key ids differ',
    remedy: 'another CA of the same name made it: use that CA, or make it anew',
  },
  'wrong-signature': {
    severity: 'error',
    text: 'has a signature that the key of {issuer} in ca.pem did not make',
    remedy: 'another CA of the same name made it: use that CA, or make it anew',
  },
  'no-address': {
    severity: 'warning',
    text: 'does not name {address}: kubectl logs and exec will fail verification',
    remedy: 'make one with this address among its subjectAltName',
  },
  kubeconfig: {
    severity: 'error',
    text: '{reason}',
    remedy: 'write it again with kubectl config',
  },
  'no-client-certificate': {
    severity: 'error',
    text: 'has a client certificate that is not a PEM certificate',
    remedy: 'write it again with kubectl config set-credentials',
  },
  'no-client-key': {
    severity: 'error',
    text: 'has a client key that is not a PEM private key without a passphrase',
    remedy: 'write it again with kubectl config set-credentials',
  },
  'no-token': {
    severity: 'error',
    text: 'has no bootstrap token',
    remedy: 'a token is six characters, a dot and sixteen: kubeadm token generate makes one',
  },
  'other-client-key': {
    severity: 'error',
    text: 'has a client key that does not fit its client certificate',
    remedy: 'write it again with kubectl config set-credentials',
  },
  'other-client-authority': {
    severity: 'error',
    text: 'has a client certificate of {issuer} that no authority of ca.pem issued',
    remedy: 'write it again with a certificate of this CA',
  },
  'other-node': {
    severity: 'error',
    text: 'is for {found}, the certificate for {wanted}',
    remedy: 'write it with the certificate of this node',
  },
  'is-a-node': {
    severity: 'error',
    text: "is for {found}, a node: kube-proxy would have a kubelet's rights",
    remedy: 'write it with the certificate of system:kube-proxy',
  },
  'other-authority': {
    severity: 'error',
    text: 'trusts certificate-authority-data that has no authority of ca.pem',
    remedy: 'write it again with kubectl config set-cluster',
  },
  'foreign-file': {
    severity: 'warning',
    text: 'reads {path}, which comes from no secret',
    remedy: 'kubectl config set-credentials --embed-certs',
  },
} as const satisfies Record<string, IdentityMessage>;

export type IdentityMessageId = keyof typeof identityMessages;

const wordLengthMax = 100;

/** The text with its words put in; a word from outside becomes a short line. */
export const fillMessage = (text: string, words: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => excerpt(words[name] ?? '', wordLengthMax));
