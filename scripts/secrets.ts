// npm run secrets -- check DIR|put DIR|list: the nodes' certificates and kubeconfigs in Secrets Manager.
import { parseArgs } from 'node:util';
import type { Settings } from '../cloud-init/settings.ts';
import { checkFolder, formatCheck, type FolderCheck } from './secrets/check.ts';
import { createClient, withAws } from './secrets/aws.ts';
import { readSecretFolder } from './secrets/folder.ts';
import { formatList, listSecrets } from './secrets/list.ts';
import { formatOutcome, putSecret } from './secrets/put.ts';
import { Failure } from './terminal/failure.ts';
import { formatFailure, formatStep, runCommand } from './terminal/steps.ts';
import { exitCodeUsage } from './user-data/arguments.ts';
import { readBakedSettings } from './user-data/input.ts';

const usage = `npm run secrets -- check DIR | put DIR [--dry-run] | list
  check DIR      checks a folder of certificates, keys and kubeconfigs as each node would
  put DIR        checks it, then makes or changes the secrets; values that are the same stay
    --dry-run    says what would be done
  list           the secrets below the prefix: when each was changed, days left of its certificate
  --endpoint URL in place of the region's Secrets Manager
  DIR has ca.pem, kube-proxy.kubeconfig and for each worker <cluster>-<name>.pem, <cluster>-<name>-key.pem
  and <cluster>-<name>.kubeconfig, or bootstrap.kubeconfig for nodes with identity=tls-bootstrap; cluster
  and prefix are those of images/worker.yaml
  exit code 0: done, 1: refused or failed, 2: could not be read`;

const options = {
  'dry-run': { type: 'boolean' },
  endpoint: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const check = async (folder: string, settings: Settings): Promise<FolderCheck> => {
  const nowMs = Date.now();
  const read = await readSecretFolder(folder, settings);
  const checked = checkFolder(read, settings, nowMs);
  console.log(formatCheck(read, checked, settings.cluster, nowMs));
  return checked;
};

const put = async (
  folder: string,
  settings: Settings,
  endpoint: string | undefined,
  isDryRun: boolean,
): Promise<number> => {
  const { isSound, values } = await check(folder, settings);
  if (!isSound) {
    console.error(formatStep('put', 'nothing was put: the errors come first'));
    return 1;
  }
  const client = createClient(endpoint);
  await withAws(async () => {
    for (const [name, value] of values)
      console.log(
        formatStep(
          'put',
          formatOutcome(name, await putSecret(client, name, value, isDryRun), isDryRun),
        ),
      );
  });
  return 0;
};

const list = async (settings: Settings, endpoint: string | undefined): Promise<number> => {
  const prefix = settings['secret-prefix'];
  const secrets = await withAws(() => listSecrets(createClient(endpoint), prefix));
  if (secrets.length === 0) {
    console.log(formatStep('list', `there is no secret below ${prefix}/`));
    return 0;
  }
  console.log(formatList(secrets, Date.now()));
  return 0;
};

const wrong = (fault: string): number => {
  console.error(`${formatStep('secrets', fault)}\n${usage}`);
  return exitCodeUsage;
};

const main = async (): Promise<number> => {
  let parsed;
  try {
    parsed = parseArgs({ args: process.argv.slice(2), allowPositionals: true, options });
  } catch (error) {
    return wrong((error as Error).message.split('. ')[0] ?? '');
  }
  const { help, endpoint, 'dry-run': isDryRun = false } = parsed.values;
  if (help === true) {
    console.log(usage);
    return 0;
  }
  const [command, folder, ...others] = parsed.positionals;
  const wantsFolder = command === 'check' || command === 'put';
  if (!wantsFolder && command !== 'list') return wrong('check, put or list?');
  if (wantsFolder !== (folder !== undefined) || others.length > 0)
    return wrong(wantsFolder ? `${command}: one DIR is needed` : 'list: takes no DIR');
  if (isDryRun && command !== 'put') return wrong(`--dry-run: ${command} changes nothing`);
  if (endpoint !== undefined && !URL.canParse(endpoint)) return wrong('--endpoint: is no URL');
  try {
    const settings = await readBakedSettings();
    if (command === 'list') return await list(settings, endpoint);
    if (command === 'put') return await put(folder ?? '', settings, endpoint, isDryRun);
    return (await check(folder ?? '', settings)).isSound ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(formatFailure(error));
    return error.step === 'aws' ? 1 : exitCodeUsage;
  }
};

await runCommand(main);
