// An empty network namespace -> the VPC: a bridge that is subnet, router and metadata address.
import { writeFile } from 'node:fs/promises';
import { runTool } from '../project/tools.ts';
import { vpc, type WorkerAddresses } from './addresses.ts';

const step = 'vpc';
const timeoutMs = 10_000;

const ip = (...args: string[]): Promise<string> => runTool('ip', args, { step, timeoutMs });

const sysctl = (name: string, value: string): Promise<void> =>
  writeFile(`/proc/sys/net/ipv4/${name}`, value);

// The metadata service answers with a hop limit of 1: a pod, which is one hop behind its node,
// never sees the answer. AWS: HttpPutResponseHopLimit.
const hopLimitRules = `
table ip lab {
  chain output {
    type filter hook output priority 0;
    ip saddr ${vpc.metadata} ip ttl set 1
  }
}
`;

/** Makes the subnet; must run inside the lab's own network namespace. */
export const createNetwork = async (): Promise<void> => {
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'add', vpc.bridge, 'type', 'bridge');
  await ip('link', 'set', vpc.bridge, 'up');
  const inSubnet = [
    vpc.router,
    vpc.dns,
    vpc.secretsManager,
    vpc.autoscaling,
    vpc.registry,
    vpc.apiServer,
  ];
  for (const address of inSubnet)
    await ip('address', 'add', `${address}/${vpc.subnetPrefix}`, 'dev', vpc.bridge);
  await ip('address', 'add', `${vpc.metadata}/32`, 'dev', vpc.bridge);
  await sysctl('ip_forward', '1');
  await sysctl('conf/all/rp_filter', '0');
  await sysctl('conf/all/send_redirects', '0');
  await sysctl(`conf/${vpc.bridge}/send_redirects`, '0');
  // The VPC, not the instance, answers ARP for every address, and takes each packet to its instance:
  // so prefixes work, of which no instance has an address of its own.
  await sysctl(`conf/${vpc.bridge}/proxy_arp_pvlan`, '1');
  await sysctl(`neigh/${vpc.bridge}/proxy_delay`, '0');
  await runTool('nft', ['--file', '-'], { step, timeoutMs, input: hopLimitRules });
};

/** A VM's cable, in the subnet or hanging loose. */
export const plug = async ({ tap }: WorkerAddresses, isIn: boolean): Promise<void> => {
  if (!isIn) {
    await ip('link', 'set', tap, 'nomaster');
    return;
  }
  await ip('link', 'set', tap, 'master', vpc.bridge, 'up');
  await ip('link', 'set', tap, 'type', 'bridge_slave', 'isolated', 'on');
};

/** A VM's cable into the subnet, the VPC route table's row for its pods, and its prefixes. */
export const connectWorker = async (
  worker: WorkerAddresses,
  prefixes: readonly string[],
): Promise<void> => {
  await ip('tuntap', 'add', 'dev', worker.tap, 'mode', 'tap');
  await plug(worker, true);
  for (const range of [worker.podCidr, ...prefixes])
    await ip('route', 'replace', range, 'via', worker.address);
};

export const disconnectWorker = async (
  worker: WorkerAddresses,
  prefixes: readonly string[],
): Promise<void> => {
  for (const range of [worker.podCidr, ...prefixes])
    await ip('route', 'delete', range).catch(() => undefined);
  await ip('link', 'delete', worker.tap).catch(() => undefined);
};
