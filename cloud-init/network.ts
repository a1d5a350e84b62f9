// systemd-networkd's state -> the moment when the instance has an IPv4 address with a route; its MTU.
// Read from its file, so that QuickJS starts while the lease is still awaited, and no
// systemd-networkd-wait-online has to be started for it: 2 s of a boot without hardware acceleration.
import { BootFailure } from './failure.ts';
import type { Host } from './hosts/host.ts';

/** The images name the first interface as the kernel does (net.ifnames=0). */
const mtuPath = '/sys/class/net/eth0/mtu';
/** Of Ethernet. */
const mtuBytesDefault = 1500;

/** How large a packet of the network interface may be, as its driver and DHCP have it. */
export const readMtuBytes = (host: Pick<Host, 'readFile'>): number => {
  const mtuBytes = Number(host.readFile(mtuPath));
  return Number.isInteger(mtuBytes) && mtuBytes > 0 ? mtuBytes : mtuBytesDefault;
};

/** https://www.freedesktop.org/software/systemd/man/latest/sd_network_get_operational_state.html */
export const networkStatePath = '/run/systemd/netif/state';

const deadlineMs = 60_000;
const pauseMs = 20;
const isRoutable = /^IPV4_ADDRESS_STATE=routable$/m;

/** Returns when there is an address; throws a BootFailure after a minute without. */
export const awaitNetwork = (host: Host, onPause: () => void = () => {}): void => {
  const endMs = host.uptimeMs() + deadlineMs;
  while (!isRoutable.test(host.readFile(networkStatePath) ?? '')) {
    if (host.uptimeMs() >= endMs)
      throw new BootFailure(
        'network',
        `no IPv4 address after ${deadlineMs / 1000} s: is there DHCP?`,
      );
    onPause();
    host.sleep(pauseMs);
  }
};
