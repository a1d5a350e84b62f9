// An instance on loopback: metadata service, Secrets Manager, its group's service, and a root folder. The agent runs on it as a process, in Node or in QuickJS.
import { execa } from 'execa';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { autoscalingListener, type LifecycleAction, type WaitingHook } from './autoscaling.ts';
import { createImds, type Instance } from './imds.ts';
import { bakedSettings, makeFields, makeRoot } from './loopback-node.ts';
import { secretsManagerListener } from './secrets-manager.ts';
import { inProject } from '../project/paths.ts';

export const loopbackCredentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'key "with" a \\ and a / that must stay out of every log',
  sessionToken: 'session-token-that-must-stay-out-of-every-log==',
};

/** A run of the agent: exit code and what it wrote to journal and console. */
export interface AgentRun {
  exitCode: number;
  journal: string[];
  console: string[];
  /** Arguments of each call of systemctl that starts something. */
  systemctl: string[];
}

/** `node` runs the sources; `quickjs` the programs of {@link bundleAgent} in `folder`, as a node does. */
export type Engine = { name: 'node' } | { name: 'quickjs'; folder: string; programsFolder: string };

/** As the units of an image start it. */
const inQuickjs = (folder: string, command: string): [string, string[]] => [
  'qjs',
  command === 'ready'
    ? ['--std', '-m', path.join(folder, 'ready.mjs')]
    : ['--std', '-m', path.join(folder, 'agent.mjs'), command],
];

/** Status 0: the connection ends without an answer. */
export interface InterceptedAnswer {
  status: number;
  body?: string;
  delayMs?: number;
}

export type Intercept = (url: string, tries: number) => InterceptedAnswer | undefined;

export interface RunOptions {
  /**
   * Gets one line `real user system` in seconds, of the agent and all that it runs; beside it,
   * `<timesFile>.curl` gets what bash's `times` says of each curl. In QuickJS only.
   */
  timesFile?: string;
  /** How many times faster the agent's clock runs. In QuickJS only. */
  timeScale?: number;
  /**
   * A script that runs the agent as `"$@"`: in the root folder, and in a mount namespace of its own,
   * so that what it mounts is gone with it.
   */
  wrapper?: string;
  /** In place of the service's address, e.g. with a name. */
  secretsUrl?: string;
  /** Of kube-proxy's metrics. */
  kubeProxyUrl?: string;
}

export interface LoopbackInstance {
  root: string;
  imdsUrl: string;
  secretsUrl: string;
  instance: Instance;
  secrets: Map<string, string>;
  /** A hook that waits for this instance, and what it was told. */
  waitingHooks: Map<string, WaitingHook>;
  lifecycleActions: LifecycleAction[];
  /** What the secrets hold, by the seed's file names. */
  fields: { node: Record<string, unknown>; shared: Record<string, unknown> };
  /** Answers in place of the services; undefined leaves the request to them. */
  intercepts: { imds?: Intercept; secrets?: Intercept };
  /** Every request, as `METHOD path`. */
  requests: string[];
  /** How far Secrets Manager's clock is ahead of the instance's. */
  clock: { aheadMs: number };
  putSecrets(): void;
  run(engine: Engine, command: string, options?: RunOptions): Promise<AgentRun>;
  close(): Promise<void>;
}

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Puts itself before a service: records, and answers what the test wants answered. */
const intercepted = (
  service: RequestListener,
  requests: string[],
  intercept: () => Intercept | undefined,
): RequestListener => {
  return (request, response) => {
    const url = request.url ?? '';
    requests.push(`${request.method} ${url}`);
    const tries = requests.filter((other) => other.endsWith(` ${url}`)).length;
    const answer = intercept()?.(url, tries);
    if (answer === undefined) service(request, response);
    else if (answer.status === 0) request.socket.destroy();
    else {
      const send = () => void response.writeHead(answer.status).end(answer.body ?? '');
      if (answer.delayMs === undefined) send();
      else setTimeout(send, answer.delayMs);
    }
  };
};

const serviceOf = (server: Server): RequestListener => {
  return (request, response) => void server.emit('request', request, response);
};

const lines = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

export const startInstance = async (userData: string): Promise<LoopbackInstance> => {
  const root = await makeRoot();
  const pki = await mkdtemp(path.join(tmpdir(), 'groundup-pki-'));
  const workerName = `${bakedSettings.cluster}-worker-0`;
  const fields: LoopbackInstance['fields'] = await makeFields(pki, 'ip-172-31-0-20', workerName);
  const secrets = new Map<string, string>();
  const instance: Instance = {
    address: '172.31.0.20',
    instanceId: 'i-0123456789abc0014',
    mac: '0e:49:61:0f:c3:14',
    hostname: 'ip-172-31-0-20',
    userData,
    publicKey: '',
    prefixes: [],
  };
  const requests: string[] = [];
  const intercepts: LoopbackInstance['intercepts'] = {};
  const imdsService = serviceOf(
    createImds({ instanceAt: () => instance, credentials: loopbackCredentials }),
  );
  const imds = createServer(intercepted(imdsService, requests, () => intercepts.imds));
  const clock = { aheadMs: 0 };
  const secretsService = secretsManagerListener({
    secrets,
    credentials: loopbackCredentials,
    nowMs: () => Date.now() + clock.aheadMs,
  });
  const manager = createServer(intercepted(secretsService, requests, () => intercepts.secrets));
  const waitingHooks = new Map<string, WaitingHook>();
  const lifecycleActions: LifecycleAction[] = [];
  const autoscaling = createServer(
    autoscalingListener({
      credentials: loopbackCredentials,
      waiting: waitingHooks,
      onAction: (action) => void lifecycleActions.push(action),
    }),
  );
  const imdsUrl = await listen(imds);
  const autoscalingUrl = await listen(autoscaling);
  const secretsUrl = await listen(manager);
  const putSecrets = () => {
    secrets.set(`k8s/${bakedSettings.cluster}/worker-0`, JSON.stringify(fields.node));
    secrets.set(`k8s/${bakedSettings.cluster}/shared`, JSON.stringify(fields.shared));
  };
  putSecrets();

  const run: LoopbackInstance['run'] = async (engine, command, runOptions = {}) => {
    const { timesFile, timeScale, wrapper, kubeProxyUrl } = runOptions;
    await Promise.all(
      ['systemctl.log', 'dev/console'].map((file) => writeFile(path.join(root, file), '')),
    );
    const folders = [path.join(root, 'bin')];
    if (engine.name === 'quickjs') folders.push(engine.programsFolder);
    const environment = {
      PATH: [...folders, process.env['PATH'] ?? ''].join(':'),
      GROUNDUP_ROOT: root,
      GROUNDUP_IMDS_URL: imdsUrl,
      GROUNDUP_AUTOSCALING_URL: autoscalingUrl,
      GROUNDUP_SECRETS_URL: runOptions.secretsUrl ?? secretsUrl,
      ...(kubeProxyUrl === undefined ? {} : { GROUNDUP_KUBE_PROXY_URL: kubeProxyUrl }),
      ...(timeScale === undefined ? {} : { GROUNDUP_TIME_SCALE: String(timeScale) }),
    };
    const [file, args] =
      engine.name === 'node'
        ? [process.execPath, [inProject('cloud-init/main/node.ts'), command]]
        : inQuickjs(engine.folder, command);
    if (timesFile !== undefined && engine.name === 'quickjs')
      await writeFile(
        path.join(root, 'bin/curl'),
        `#!/bin/bash\n${engine.programsFolder}/curl "$@"; code=$?; times >>${timesFile}.curl; exit $code\n`,
        { mode: 0o755 },
      );
    const timing = 'TIMEFORMAT="%R %U %S"; { time "$@" 2>&3; } 3>&2 2>"$0"';
    const namespace = ['--mount', '--propagation', 'private', 'sh', '-c'];
    const [program, programArgs] =
      timesFile !== undefined
        ? ['bash', ['-c', timing, timesFile, file, ...args]]
        : wrapper !== undefined
          ? ['unshare', [...namespace, wrapper, 'sh', file, ...args]]
          : [file, args];
    const options = { env: environment, cwd: root, reject: false, timeout: 120_000 } as const;
    const result = await execa(program, programArgs, options);
    return {
      exitCode: result.exitCode ?? -1,
      journal: result.stderr.split('\n').filter((line) => line !== ''),
      console: await lines(path.join(root, 'dev/console')),
      systemctl: (await lines(path.join(root, 'systemctl.log'))).filter(
        (line) => !line.startsWith('show '),
      ),
    };
  };
  return {
    root,
    imdsUrl,
    secretsUrl,
    instance,
    secrets,
    waitingHooks,
    lifecycleActions,
    fields,
    intercepts,
    requests,
    clock,
    putSecrets,
    run,
    close: async () => {
      await Promise.all([imds, manager, autoscaling].map(close));
      await rm(root, { recursive: true, force: true });
      await rm(pki, { recursive: true, force: true });
    },
  };
};
