// The VPC's DHCP and DNS: one address per known interface, and no answer from outside.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  autoscalingHost,
  secretsManagerHost,
  vpc,
  workerAddresses,
  workersMax,
  type WorkerAddresses,
} from './addresses.ts';
import { startService, waitFor, type Service } from './processes.ts';
import { createSocket } from 'node:dgram';

const hostLine = ({ mac, address, nodeName }: WorkerAddresses): string =>
  `dhcp-host=${mac},${address},${nodeName},infinite`;

/** dnsmasq's configuration file. */
export const dnsmasqConfig = (stateFolder: string): string => {
  const workers = Array.from({ length: workersMax }, (_, index) => workerAddresses(index));
  const domain = `${vpc.region}.compute.internal`;
  return [
    'no-resolv',
    'no-hosts',
    'no-poll',
    'bind-interfaces',
    `interface=${vpc.bridge}`,
    'except-interface=lo',
    'user=root',
    `dhcp-leasefile=${path.join(stateFolder, 'dhcp.leases')}`,
    // Known interfaces only: `static` hands out nothing but the reservations below.
    `dhcp-range=${vpc.router},static,255.255.255.0,infinite`,
    // Two labs would write the same file.
    'pid-file=',
    // AWS knows an interface by its MAC, whatever client identifier asks: cloud-init's dhcpcd and then
    // networkd get the same lease.
    'dhcp-ignore-clid',
    'dhcp-authoritative',
    `dhcp-option=option:router,${vpc.router}`,
    `dhcp-option=option:dns-server,${vpc.dns}`,
    `dhcp-option=option:domain-name,${domain}`,
    `dhcp-option=option:mtu,${vpc.mtuBytes}`,
    ...workers.map(hostLine),
    ...workers.map(({ nodeName, address }) => `host-record=${nodeName}.${domain},${address}`),
    `host-record=${secretsManagerHost},${vpc.secretsManager}`,
    `host-record=${autoscalingHost},${vpc.autoscaling}`,
    '',
  ].join('\n');
};

/** True when something answers a DNS query at the VPC's server. */
const answers = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    let finished = false;
    const finish = (result: boolean) => {
      if (finished) return;
      finished = true;
      socket.close();
      resolve(result);
    };
    socket.once('message', () => finish(true));
    socket.once('error', () => finish(false));
    setTimeout(() => finish(false), 500).unref();
    const labels = secretsManagerHost
      .split('.')
      .flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
    const head = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const question = Buffer.concat([head, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
    socket.send(question, 53, vpc.dns);
  });

/** Starts it and waits until it answers. */
export const startDnsmasq = async (stateFolder: string): Promise<Service> => {
  const configFile = path.join(stateFolder, 'dnsmasq.conf');
  await writeFile(configFile, dnsmasqConfig(stateFolder), { mode: 0o600 });
  const args = ['--keep-in-foreground', '--log-facility=-', `--conf-file=${configFile}`];
  const service = startService('dnsmasq', 'dnsmasq', args, stateFolder);
  await waitFor('vpc', 'DNS', { service, timeoutMs: 10_000, intervalMs: 100 }, answers);
  return service;
};
