// What `ready` asks for: the API server's watches and kube-proxy's metrics, answered for a fake node.
import { reveal } from '../../cloud-init/secret.ts';
import type { FakeHost } from './host.ts';

/** Lines of one request, or curl's words for none. */
export interface Answer {
  lines?: readonly string[];
  stderr?: string;
}

export interface Services {
  nodes: (tries: number) => Answer;
  pods?: (tries: number) => Answer;
  metrics?: (tries: number) => Answer;
}

export const bootId = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';
export const bootFiles = { '/proc/sys/kernel/random/boot_id': `${bootId}\n` };

/** A change of the Node; its boot is this one unless the test has another. */
export const nodeEvent = (
  status: string,
  bootID = bootId,
  message = 'cni plugin not initialized',
  lastTransitionTime?: string,
): string => {
  const condition = { type: 'Ready', status, message, lastTransitionTime };
  return JSON.stringify({
    type: 'MODIFIED',
    object: { status: { conditions: [condition], nodeInfo: { bootID } } },
  });
};

export const podEvent = (status: string, startedAt: string): string =>
  JSON.stringify({
    type: 'MODIFIED',
    object: {
      status: {
        conditions: [{ type: 'Ready', status }],
        containerStatuses: [{ state: { running: { startedAt } } }],
      },
    },
  });

const pathOf = { nodes: '/api/v1/nodes?', pods: '/api/v1/pods?', metrics: '/metrics' } as const;

/** From now on the node's watches and questions are answered; returns what was asked, in order. */
export const serve = (host: FakeHost, services: Services): string[] => {
  const asked: string[] = [];
  const inner = host.run.bind(host);
  host.run = (file, args, options) => {
    const { stdin = '', onLine, onPause } = options;
    if (onLine === undefined) return inner(file, args, options);
    const config = reveal(stdin);
    const names = Object.keys(pathOf) as (keyof Services)[];
    const service = names.find((name) => config.includes(pathOf[name]));
    if (service === undefined) throw new Error(`the test has no ${config}`);
    asked.push(service);
    host.ran.push([file, ...args].join(' '));
    host.stdins.push(config);
    onPause?.();
    const tries = asked.filter((other) => other === service).length;
    const { lines = [], stderr = '' } = services[service]?.(tries) ?? {};
    const isEnough = lines.some((line) => onLine(line));
    return { exitCode: isEnough ? 0 : 7, stdout: '', stderr };
  };
  return asked;
};
