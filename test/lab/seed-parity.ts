// The manual worker procedure as 65 checkable statements, each asked of a booted worker: it holds as
// written, or it deviates and docs/DEVIATIONS.md has the reason.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { inProject } from '../../scripts/project/paths.ts';
import type { NodeSnapshot } from './node-snapshot.ts';

/** `broken`: neither as the procedure says nor the deviation that we mean. */
export type Verdict = 'same' | 'deviates' | 'broken';

export interface SeedStatement {
  number: number;
  statement: string;
  check: (node: NodeSnapshot) => Verdict;
}

/** Numbers that have a row in the page's table. */
export const readDeviations = async (): Promise<Set<number>> => {
  const page = await readFile(inProject('docs/DEVIATIONS.md'), 'utf8');
  return new Set([...page.matchAll(/^\|\s*(\d+)\s*\|/gm)].map((match) => Number(match[1])));
};

const worker = 'k8s-cluster-from-ground-up-worker-0';
const paths = {
  bridge: '/etc/cni/net.d/172-20-bridge.conflist',
  loopback: '/etc/cni/net.d/99-loopback.conf',
  kubelet: '/var/lib/kubelet/kubelet-config.yaml',
  proxy: '/var/lib/kube-proxy/kube-proxy-config.yaml',
} as const;

const textOf = (node: NodeSnapshot, path: string): string => node.files[path]?.text ?? '';
const yamlOf = (node: NodeSnapshot, path: string): unknown => parse(textOf(node, path));

/** `a.b.0.c` inside a parsed document. */
const at = (document: unknown, place: string): unknown =>
  place
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null
          ? (value as Record<string, unknown>)[key]
          : undefined,
      document,
    );

const same = (holds: boolean): Verdict => (holds ? 'same' : 'broken');
const deviates = (asMeant: boolean): Verdict => (asMeant ? 'deviates' : 'broken');

const kubelet = (place: string, value: unknown) => (node: NodeSnapshot) =>
  same(at(yamlOf(node, paths.kubelet), place) === value);
const bridge = (node: NodeSnapshot, place: string): unknown =>
  at(yamlOf(node, paths.bridge), `plugins.0.${place}`);
const kubeletCommand = (node: NodeSnapshot): string => node.outputs['kubeletCommand'] ?? '';
const unit = (node: NodeSnapshot, name: string) => node.units[name];
const isSecret = (node: NodeSnapshot, path: string): boolean => {
  const file = node.files[path];
  return file?.mode === '600' && file.owner === 'root' && file.sizeBytes > 0;
};
const agentFlag = (node: NodeSnapshot, flag: string): Verdict =>
  deviates(kubeletCommand(node) !== '' && !kubeletCommand(node).includes(flag));

const statements: [statement: string, check: SeedStatement['check']][] = [
  // Inputs and user-data
  [
    'the five files lie in the login user’s home first',
    (node) =>
      deviates((node.folders['/home/debian'] ?? []).every((name) => !/pem|kubeconfig/.test(name))),
  ],
  [
    'user-data is read from the metadata service by a plain GET',
    (node) =>
      deviates(/"PUT \/latest\/api\/token 200"/.test(node.outputs['metadataRequests'] ?? '')),
  ],
  [
    'fields are separated by |, keys matched by their beginning',
    (node) => deviates((node.outputs['userData'] ?? '') === 'name=worker-0|pod-cidr=172.20.0.0/24'),
  ],
  [
    'pod-cidr gives the pod range',
    (node) => same(bridge(node, 'ipam.ranges.0.0.subnet') === '172.20.0.0/24'),
  ],
  [
    'name gives the worker’s part of the name',
    (node) => same(`/var/lib/kubelet/${worker}.pem` in node.files),
  ],
  [
    'the worker’s name is <cluster>-<name>',
    (node) =>
      same(at(yamlOf(node, paths.kubelet), 'tlsCertFile') === `/var/lib/kubelet/${worker}.pem`),
  ],
  [
    'the pod range is decided per worker at creation',
    (node) => same(textOf(node, paths.bridge).includes('172.20.0.0/24')),
  ],
  [
    'the pod range does not overlap the subnet',
    (node) => same(!textOf(node, paths.bridge).includes('172.31.')),
  ],
  [
    'each worker has its own pod range',
    (node) => same(/172\.20\.0\.1/.test(node.outputs['bridge'] ?? '')),
  ],
  [
    'a router with a routing table joins the pod ranges',
    (node) => same(/default via 172\.31\.0\.1/.test(node.outputs['routes'] ?? '')),
  ],
  [
    'no variable is empty when the kubelet’s configuration is written',
    (node) =>
      same(!/up-\.pem|subnet": ""/.test(textOf(node, paths.kubelet) + textOf(node, paths.bridge))),
  ],
  // CNI
  [
    '172-20-bridge.conf is in /etc/cni/net.d',
    (node) => deviates((node.folders['/etc/cni/net.d'] ?? []).includes('172-20-bridge.conflist')),
  ],
  [
    'the bridge has cniVersion 0.3.1, name bridge, type bridge',
    (node) => {
      const document = yamlOf(node, paths.bridge);
      const named = at(document, 'name') === 'bridge' && bridge(node, 'type') === 'bridge';
      return deviates(named && at(document, 'cniVersion') === '1.0.0');
    },
  ],
  ['the bridge is cnio0', (node) => same(bridge(node, 'bridge') === 'cnio0')],
  [
    'isGateway and ipMasq are true',
    (node) => same(bridge(node, 'isGateway') === true && bridge(node, 'ipMasq') === true),
  ],
  [
    'host-local, the pod range, a default route',
    (node) =>
      same(
        bridge(node, 'ipam.type') === 'host-local' &&
          bridge(node, 'ipam.routes.0.dst') === '0.0.0.0/0',
      ),
  ],
  [
    '99-loopback.conf has no name',
    (node) =>
      deviates(
        at(yamlOf(node, paths.loopback), 'name') === 'lo' &&
          at(yamlOf(node, paths.loopback), 'type') === 'loopback',
      ),
  ],
  [
    'both files are single-plugin .conf, nothing else is there',
    (node) => deviates((node.folders['/etc/cni/net.d'] ?? []).length === 2),
  ],
  [
    'the bridge enforces no network policy',
    (node) =>
      same(!/calico|flannel|weave|cilium/.test((node.folders['/opt/cni/bin'] ?? []).join())),
  ],
  // Certificates and kubeconfigs
  [
    'the worker’s certificate and key are in /var/lib/kubelet',
    (node) =>
      same(
        isSecret(node, `/var/lib/kubelet/${worker}.pem`) &&
          isSecret(node, `/var/lib/kubelet/${worker}-key.pem`),
      ),
  ],
  ['/var/lib/kubelet/kubeconfig', (node) => same(isSecret(node, '/var/lib/kubelet/kubeconfig'))],
  [
    '/var/lib/kube-proxy/kubeconfig',
    (node) => same(isSecret(node, '/var/lib/kube-proxy/kubeconfig')),
  ],
  [
    '/var/lib/kubernetes/ca.pem, never the authority’s key',
    (node) =>
      same(
        isSecret(node, '/var/lib/kubernetes/ca.pem') &&
          node.folders['/var/lib/kubernetes']?.length === 1,
      ),
  ],
  [
    'files are moved and keep the login user as owner',
    (node) => deviates(node.files[`/var/lib/kubelet/${worker}-key.pem`]?.owner === 'root'),
  ],
  // kubelet-config.yaml
  [
    'KubeletConfiguration, kubelet.config.k8s.io/v1beta1',
    (node) =>
      same(
        at(yamlOf(node, paths.kubelet), 'kind') === 'KubeletConfiguration' &&
          at(yamlOf(node, paths.kubelet), 'apiVersion') === 'kubelet.config.k8s.io/v1beta1',
      ),
  ],
  ['anonymous requests are refused', kubelet('authentication.anonymous.enabled', false)],
  ['webhook authentication', kubelet('authentication.webhook.enabled', true)],
  ['client authority', kubelet('authentication.x509.clientCAFile', '/var/lib/kubernetes/ca.pem')],
  ['webhook authorization', kubelet('authorization.mode', 'Webhook')],
  ['clusterDomain cluster.local', kubelet('clusterDomain', 'cluster.local')],
  ['clusterDNS 10.32.0.10', kubelet('clusterDNS.0', '10.32.0.10')],
  [
    'resolvConf /etc/resolv.conf',
    (node) =>
      deviates(
        at(yamlOf(node, paths.kubelet), 'resolvConf') === '/run/systemd/resolve/resolv.conf',
      ),
  ],
  ['runtimeRequestTimeout 15m', kubelet('runtimeRequestTimeout', '15m')],
  [
    'tlsCertFile and tlsPrivateKeyFile are the worker’s pair',
    (node) =>
      same(
        at(yamlOf(node, paths.kubelet), 'tlsPrivateKeyFile') ===
          `/var/lib/kubelet/${worker}-key.pem`,
      ),
  ],
  [
    'no cgroupDriver, containerRuntimeEndpoint, registerNode, rotateCertificates',
    (node) =>
      deviates(
        at(yamlOf(node, paths.kubelet), 'cgroupDriver') === 'systemd' &&
          at(yamlOf(node, paths.kubelet), 'containerRuntimeEndpoint') ===
            'unix:///run/containerd/containerd.sock',
      ),
  ],
  [
    'settings are in the file, the unit points to it',
    (node) => same(kubeletCommand(node).includes('--config=/var/lib/kubelet/kubelet-config.yaml')),
  ],
  [
    'the kubelet manages only what came through Kubernetes',
    (node) => same((node.outputs['containerNamespaces'] ?? '').trim() === 'k8s.io'),
  ],
  [
    'the kubelet keeps its containers running',
    (node) => same(Number(node.outputs['runningContainers']) >= 2),
  ],
  [
    'pods get the cluster’s DNS server in resolv.conf',
    (node) =>
      same(/^nameserver 172\.31\.0\.2$/m.test(textOf(node, '/run/systemd/resolve/resolv.conf'))),
  ],
  // kubelet.service
  [
    'Description and Documentation',
    (node) =>
      same(
        unit(node, 'kubelet')?.description === 'Kubernetes Kubelet' &&
          unit(node, 'kubelet')?.documentation === 'https://github.com/kubernetes/kubernetes',
      ),
  ],
  [
    'After and Requires containerd.service',
    (node) =>
      same(
        /containerd\.service/.test(unit(node, 'kubelet')?.after ?? '') &&
          /containerd\.service/.test(unit(node, 'kubelet')?.requires ?? ''),
      ),
  ],
  [
    '/usr/local/bin/kubelet --config first',
    (node) => same(kubeletCommand(node).startsWith('/usr/local/bin/kubelet --config=')),
  ],
  ['--cluster-domain', (node) => agentFlag(node, '--cluster-domain')],
  ['--container-runtime=remote', (node) => agentFlag(node, '--container-runtime=')],
  ['--container-runtime-endpoint', (node) => agentFlag(node, '--container-runtime-endpoint')],
  ['--image-pull-progress-deadline', (node) => agentFlag(node, '--image-pull-progress-deadline')],
  [
    '--kubeconfig',
    (node) => same(kubeletCommand(node).includes('--kubeconfig=/var/lib/kubelet/kubeconfig')),
  ],
  ['--network-plugin=cni', (node) => agentFlag(node, '--network-plugin')],
  ['--register-node=true', (node) => agentFlag(node, '--register-node')],
  ['--v=2', (node) => same(kubeletCommand(node).includes('--v=2'))],
  [
    'Restart=on-failure after 5 s, wanted by multi-user.target',
    (node) =>
      deviates(
        unit(node, 'kubelet')?.restart === 'on-failure' &&
          unit(node, 'kubelet')?.restartDelay === '5s' &&
          unit(node, 'kubelet')?.enabled === 'static',
      ),
  ],
  [
    'no --hostname-override, no --node-ip',
    (node) =>
      deviates(
        kubeletCommand(node).includes('--hostname-override=ip-172-31-0-20 --node-ip=172.31.0.20'),
      ),
  ],
  // kube-proxy
  ['/var/lib/kube-proxy/kube-proxy-config.yaml', (node) => same(paths.proxy in node.files)],
  [
    'KubeProxyConfiguration, kubeproxy.config.k8s.io/v1alpha1',
    (node) =>
      same(
        at(yamlOf(node, paths.proxy), 'kind') === 'KubeProxyConfiguration' &&
          at(yamlOf(node, paths.proxy), 'apiVersion') === 'kubeproxy.config.k8s.io/v1alpha1',
      ),
  ],
  [
    'clientConnection.kubeconfig',
    (node) =>
      same(
        at(yamlOf(node, paths.proxy), 'clientConnection.kubeconfig') ===
          '/var/lib/kube-proxy/kubeconfig',
      ),
  ],
  ['mode iptables', (node) => deviates(at(yamlOf(node, paths.proxy), 'mode') === 'nftables')],
  [
    'clusterCIDR is the VPC’s range',
    (node) =>
      deviates(
        at(yamlOf(node, paths.proxy), 'clusterCIDR') === undefined &&
          at(yamlOf(node, paths.proxy), 'detectLocal.bridgeInterface') === 'cnio0',
      ),
  ],
  [
    'kube-proxy.service: description, command, restart, no After',
    (node) =>
      deviates(
        unit(node, 'kube-proxy')?.description === 'Kubernetes Kube Proxy' &&
          (node.outputs['kubeProxyCommand'] ?? '').trim() ===
            '/usr/local/bin/kube-proxy --config=/var/lib/kube-proxy/kube-proxy-config.yaml' &&
          unit(node, 'kube-proxy')?.restart === 'on-failure',
      ),
  ],
  // Start, result, troubleshooting
  [
    'systemctl daemon-reload after the units are written',
    (node) =>
      deviates(
        unit(node, 'kubelet')?.active === 'active' && (node.outputs['needsReload'] ?? '') === 'no',
      ),
  ],
  [
    'containerd, kubelet and kube-proxy are enabled',
    (node) =>
      deviates(
        unit(node, 'containerd')?.enabled === 'enabled' &&
          unit(node, 'groundup')?.enabled === 'enabled' &&
          unit(node, 'kube-proxy')?.enabled === 'static',
      ),
  ],
  [
    'all three are active',
    (node) =>
      same(
        ['containerd', 'kubelet', 'kube-proxy'].every(
          (name) => unit(node, name)?.active === 'active',
        ),
      ),
  ],
  [
    'the node is Ready',
    (node) => same(/groundup: Ready in [\d.]+ s/.test(node.outputs['agentLog'] ?? '')),
  ],
  [
    'journalctl -u shows each unit’s log',
    (node) => same(Number(node.outputs['journalLines']) > 10),
  ],
  [
    'the certificate has the right names',
    (node) => same(/system:node:ip-172-31-0-20/.test(node.outputs['certificate'] ?? '')),
  ],
  [
    'starting over is fine',
    (node) => same(/\(11 files written\)/.test(node.outputs['agentLog'] ?? '')),
  ],
];

export const seedStatements: readonly SeedStatement[] = statements.map(
  ([statement, check], index) => ({ number: index + 1, statement, check }),
);
