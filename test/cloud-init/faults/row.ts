// What a row of the fault table says, and the names and answers that several rows use.
import type { FailureClass } from '../../../cloud-init/failure.ts';
import type { Intercept, LoopbackInstance } from '../../../scripts/lab/loopback-instance.ts';

/** How often something was asked: exactly, or at least and at most where waits are random. */
export type Count = number | readonly [number, number];

export interface FaultRow {
  name: string;
  /** Milliseconds since the agent began, on its own clock. */
  imds?: (path: string, tries: number, elapsedMs: number) => ReturnType<Intercept>;
  /** Answers in place of Secrets Manager. */
  secrets?: (tries: number, elapsedMs: number) => ReturnType<Intercept>;
  spoil?: (instance: LoopbackInstance) => void;
  /** Shell lines in the node's root folder and in a mount namespace, before the agent. */
  mounts?: string;
  /** Name instead of an address for Secrets Manager. */
  secretsName?: string;
  /** How many times faster the agent's clock runs; less where real time passes in curl. */
  timeScale?: number;
  /** Absent: the fault passes, and the node is configured. */
  fails?: FailureClass;
  /** Between `groundup: NOT configured: ` and `; nothing was written`, or the journal's last line. */
  says?: string;
  /** Warnings in the journal before the line that tells the end, and behind it. */
  warns?: string[];
  warnsLast?: string[];
  /** Requests by path below /latest/, and of Secrets Manager as `secrets`. */
  asked?: Record<string, Count>;
}

export const worker = 'k8s-cluster-from-ground-up-worker-0';
export const nodeSecret = 'k8s/k8s-cluster-from-ground-up/worker-0';
export const sharedSecret = 'k8s/k8s-cluster-from-ground-up/shared';
export const token = 'api/token';
export const userData = 'user-data';
export const roles = 'meta-data/iam/security-credentials/';
export const role = `${roles}groundup-worker`;
export const subnet = 'meta-data/network/interfaces/macs/0e:49:61:0f:c3:14/subnet-ipv4-cidr-block';
export const vpc = 'meta-data/network/interfaces/macs/0e:49:61:0f:c3:14/vpc-ipv4-cidr-blocks';
export const page = '<html><title>captive portal</title></html>';
export const noAnswer = { status: 0 };

/** As Secrets Manager refuses a whole request. */
export const refusal = (type: string, Message: string, status = 400) => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.secretsmanager#${type}`, Message }),
});

/** As it refuses one of the secrets. */
export const secretError = (ErrorCode: string, Message: string) => ({
  status: 200,
  body: JSON.stringify({
    SecretValues: [],
    Errors: [{ SecretId: nodeSecret, ErrorCode, Message }],
  }),
});

export const expired = refusal('ExpiredTokenException', 'The security token is expired');
export const throttled = refusal('ThrottlingException', 'Rate exceeded');
