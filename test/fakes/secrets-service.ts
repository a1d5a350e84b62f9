// `npm run secrets` as its users run it, and the Secrets Manager that it speaks to.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { vpc } from '../../scripts/lab/addresses.ts';
import { secretsManagerListener } from '../../scripts/lab/secrets-manager.ts';
import type { SecretsManagerRole } from '../../scripts/lab/secrets-store.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { secretMark } from './node.ts';

export const credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'secret/key+of=the/test',
  sessionToken: 'session-token==',
};
const signedIn = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
};

/** Nothing of the machine's own: no profile, no region, no metadata service. */
export const runSecrets = async (
  args: readonly string[],
  environment: Record<string, string> = {},
) => {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [inProject('scripts/secrets.ts'), ...args],
    {
      reject: false,
      timeout: 60_000,
      extendEnv: false,
      env: {
        HOME: '/nowhere',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_REGION: vpc.region,
        ...signedIn,
        ...environment,
      },
    },
  );
  assert.is(`${stdout}${stderr}`.includes(secretMark), false);
  assert.is(`${stdout}${stderr}`.includes('-----BEGIN'), false);
  return { exitCode, stdout, stderr };
};

export const withService = async (
  role: SecretsManagerRole,
  work: (endpoint: string, secrets: Map<string, string>, operations: string[]) => Promise<void>,
): Promise<void> => {
  const secrets = new Map<string, string>();
  const operations: string[] = [];
  const listener = secretsManagerListener({ secrets, credentials, role });
  const server: Server = createServer((request, response) => {
    operations.push(String(request.headers['x-amz-target']).replace('secretsmanager.', ''));
    listener(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, secrets, operations);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};
