// The packet filter of a node with prefixes, loaded into a network of its own: what is sent to an address
// that no pod has.
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../scripts/project/paths.ts';

const filter = inProject('test/golden/imds-prefix/expected/etc/groundup/pod-network.nft');

// Two namespaces, both gone with their last process: somebody in the VPC, and the node with the filter. What the node
// has no pod for, it would send back to where it came from. No port of either listens.
const script = `set -eu
ip link set lo up
unshare --net sleep 60 & node=$!
trap 'kill $node' EXIT
on_node() { nsenter --net=/proc/$node/ns/net "$@"; }
until [ "$(readlink /proc/$node/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add eth0 type veth peer name eth0 netns $node
ip address add 172.31.0.5/24 dev eth0; ip link set eth0 up
on_node ip address add 172.31.0.20/24 dev eth0; on_node ip link set eth0 up
on_node ip link add veth1 type bridge; on_node ip link set veth1 up
on_node ip route add 172.31.0.65 dev veth1; on_node ip neigh add 172.31.0.65 lladdr 02:00:00:00:00:41 dev veth1
on_node sh -c 'for name in all eth0; do echo 0 >/proc/sys/net/ipv4/conf/$name/rp_filter; done
  echo 1 >/proc/sys/net/ipv4/ip_forward'
on_node nft --file "$0"
ip route add 172.31.0.64/28 via 172.31.0.20
for address in 172.31.0.66 172.31.0.67 172.31.0.65; do
  timeout 2 bash -c ": <>/dev/tcp/$address/80" 2>&1 | sed -n '1s/.*: //p'
done
on_node nstat -asz IpForwDatagrams IcmpOutRedirects | awk '/^I/ { print $1, $2 }'`;

test('an address that no pod has is refused at once, and a pod’s is not', async () => {
  const args = ['--net', 'bash', '-c', script, filter];
  const { stdout, stderr } = await execa('unshare', args, { timeout: 60_000, reject: false });
  assert.match(
    stdout,
    /^No route to host\nNo route to host\nIpForwDatagrams [1-9]\d*\nIcmpOutRedirects 0$/,
    stdout + stderr,
  );
});

test.run();
