// Every line that a node's configuration has -> where its value comes from, and the statement of the
// manual procedure that it keeps or changes.
import { changes, keeps, type Relation } from './procedure.ts';

export interface LineRow {
  /** Path of the file on the node. */
  file: string;
  /** Key of the file with dots, flag with its dashes, or name of a variable. */
  line: string;
  /** Where the value comes from, or why it is what it is. */
  from: string;
  /** Absent where the procedure has no such line, and no row of docs/DEVIATIONS.md is about it. */
  relation?: Relation;
}

const rowsOf = (
  file: string,
  rows: readonly (readonly [line: string, from: string, relation?: Relation])[],
): LineRow[] =>
  rows.map(([line, from, relation]) => ({
    file,
    line,
    from,
    ...(relation === undefined ? {} : { relation }),
  }));

const nodeName =
  'common name of the worker’s certificate without system:node:; with tls-bootstrap name or node-name';
const fixed = 'the same on every node';
const networkMtu =
  'MTU of the network interface, which DHCP gives: pods use EC2’s large packets, too';
const prefix = 'a line of ipv4-prefix of the metadata service';
const setting = (key: string) => `${key}: images/worker.yaml, or user-data`;

export const lineTable: readonly LineRow[] = [
  ...rowsOf('/etc/cni/net.d/172-20-bridge.conflist', [
    ['cniVersion', fixed, changes(13)],
    ['name', fixed, keeps(13)],
    ['plugins.0.type', fixed, keeps(13)],
    [
      'plugins.0.bridge',
      'the bridge of all pods of the node; kube-proxy knows pods by it',
      keeps(14),
    ],
    ['plugins.0.isGateway', 'the bridge has the first address of the range', keeps(15)],
    ['plugins.0.ipMasq', 'what leaves the range of the node has the node’s address', keeps(15)],
    ['plugins.0.ipMasqBackend', setting('kube-proxy-mode')],
    ['plugins.0.hairpinMode', 'a pod reaches itself through its own Service'],
    ['plugins.0.mtu', networkMtu],
    ['plugins.0.ipam.type', fixed, keeps(16)],
    ['plugins.0.ipam.ranges.0.0.subnet', 'pod-cidr: user-data', keeps(16)],
    ['plugins.0.ipam.routes.0.dst', fixed, keeps(16)],
    ['plugins.1.type', 'serves hostPort', changes(18)],
    ['plugins.1.backend', setting('kube-proxy-mode'), changes(18)],
    ['plugins.1.capabilities.portMappings', 'serves hostPort', changes(18)],
  ]),
  ...rowsOf('/etc/cni/net.d/10-prefixes.conflist', [
    ['cniVersion', fixed],
    ['name', fixed],
    ['plugins.0.type', 'a pair of interfaces for each pod, and a route to it; no bridge'],
    ['plugins.0.ipMasq', '/etc/groundup/pod-network.nft does it, for what leaves the VPC'],
    ['plugins.0.mtu', networkMtu],
    ['plugins.0.ipam.type', fixed],
    [
      'plugins.0.ipam.ranges.0.0.subnet',
      'subnet-ipv4-cidr-block of the metadata service: no address of a prefix is kept back',
    ],
    ['plugins.0.ipam.ranges.0.0.rangeStart', prefix],
    ['plugins.0.ipam.ranges.0.0.rangeEnd', prefix],
    [
      'plugins.0.ipam.ranges.0.0.gateway',
      'local-ipv4 of the metadata service: the node itself, not the VPC’s router',
    ],
    ['plugins.0.ipam.routes.0.dst', fixed],
    ['plugins.1.type', 'serves hostPort'],
    ['plugins.1.backend', setting('kube-proxy-mode')],
    ['plugins.1.capabilities.portMappings', 'serves hostPort'],
  ]),
  ...rowsOf('/etc/cni/net.d/99-loopback.conf', [
    ['cniVersion', fixed, changes(13)],
    ['name', 'a network has a name since CNI 1.0.0', changes(17)],
    ['type', fixed, keeps(17)],
  ]),
  ...rowsOf('/etc/containerd/config.toml', [
    ['version', fixed],
    ['sandbox', 'registry.k8s.io/pause, imported when the image was made'],
    ['config_path', 'where logins and mirrors of registries may be put'],
    ['runtime_type', fixed],
    ['BinaryName', 'the image’s runc'],
    ['SystemdCgroup', 'the same as cgroupDriver in the kubelet’s configuration'],
    ['bin_dirs', 'the image’s CNI plugins'],
    ['conf_dir', fixed],
    ['conf_template', 'pod-cidr=node: what containerd makes conf_dir’s file from'],
  ]),
  ...rowsOf('/var/lib/kubelet/kubelet-config.yaml', [
    ['kind', fixed, keeps(25)],
    ['apiVersion', fixed, keeps(25)],
    ['authentication.anonymous.enabled', fixed, keeps(26)],
    ['authentication.webhook.enabled', 'the API server says who a caller is', keeps(27)],
    ['authentication.x509.clientCAFile', 'ca.pem of the shared secret', keeps(28)],
    ['authorization.mode', 'the API server says what a caller may', keeps(29)],
    ['clusterDomain', setting('cluster-domain'), keeps(30)],
    ['clusterDNS.0', setting('dns-address'), keeps(31)],
    ['resolvConf', 'what systemd-resolved learned by DHCP', changes(32)],
    ['runtimeRequestTimeout', fixed, keeps(33)],
    [
      'tlsCertFile',
      'the worker’s certificate, of its own secret; with tls-bootstrap the kubelet makes one',
      keeps(34),
    ],
    ['tlsPrivateKeyFile', 'the worker’s key, of its own secret', keeps(34)],
    [
      'rotateCertificates',
      'identity: certificates of a secret are made anew there, others by the kubelet',
      changes(35),
    ],
    ['containerRuntimeEndpoint', 'the socket of the image’s containerd', changes(45)],
    ['cgroupDriver', 'the same as in containerd’s configuration', changes(35)],
    ['registerNode', 'the node makes its own object', changes(49)],
    ['maxPods', 'max-pods: user-data; without it as many as pod-cidr has room for, at most 110'],
    ['shutdownGracePeriod', 'pods end before the instance does'],
    ['shutdownGracePeriodCriticalPods', 'of that, for critical pods'],
    ['registerWithTaints', 'taints: user-data'],
    ['providerID', 'instance-id and placement/availability-zone of the metadata service'],
  ]),
  ...rowsOf('/var/lib/kubelet/node.env', [
    ['NODE_NAME', nodeName, changes(52)],
    ['NODE_IP', 'meta-data/local-ipv4 of the metadata service', changes(52)],
    ['NODE_LABELS', 'labels: user-data'],
    ['KUBELET_IDENTITY', 'identity: where the kubelet asks for its certificate, if it does'],
  ]),
  ...rowsOf('/var/lib/kube-proxy/kube-proxy-config.yaml', [
    ['kind', fixed, keeps(54)],
    ['apiVersion', fixed, keeps(54)],
    ['clientConnection.kubeconfig', 'kube-proxy.kubeconfig of the shared secret', keeps(55)],
    ['mode', setting('kube-proxy-mode'), changes(56)],
    ['detectLocalMode', 'pod-cidr: pods are known by their interfaces', changes(57)],
    [
      'detectLocal.bridgeInterface',
      'pod-cidr a range, or node: the bridge of the CNI configuration',
      changes(57),
    ],
    [
      'detectLocal.interfaceNamePrefix',
      'pod-cidr imds-prefix: as ptp names the node’s end of a pair',
      changes(57, '`detectLocalMode: InterfaceNamePrefix` with `veth`'),
    ],
    ['hostnameOverride', `the name that the kubelet registers: ${nodeName}`],
  ]),
  ...rowsOf('/etc/systemd/system/kubelet.service', [
    ['--config', '/var/lib/kubelet/kubelet-config.yaml', keeps(42)],
    ['--kubeconfig', 'the worker’s kubeconfig, of its own secret', keeps(47)],
    ['--hostname-override', 'NODE_NAME of /var/lib/kubelet/node.env', changes(52)],
    ['--node-ip', 'NODE_IP of /var/lib/kubelet/node.env', changes(52)],
    [
      '--node-labels',
      'NODE_LABELS of /var/lib/kubelet/node.env; only used when the node registers',
    ],
    ['--v', 'as the procedure has it', keeps(50)],
    [
      '--bootstrap-kubeconfig',
      'KUBELET_IDENTITY of /var/lib/kubelet/node.env; identity tls-bootstrap',
    ],
    ['--cert-dir', 'KUBELET_IDENTITY of /var/lib/kubelet/node.env; identity tls-bootstrap'],
  ]),
  ...rowsOf('/etc/systemd/system/kube-proxy.service', [
    ['--config', '/var/lib/kube-proxy/kube-proxy-config.yaml', keeps(58)],
  ]),
];

/** Flags, keys and files of the procedure that no node has any more, with their row of docs/DEVIATIONS.md. */
export const goneTable: readonly { line: string; relation: Relation }[] = [
  { line: '--cluster-domain', relation: changes(43) },
  { line: '--container-runtime', relation: changes(44) },
  { line: '--container-runtime-endpoint', relation: changes(45) },
  { line: '--image-pull-progress-deadline', relation: changes(46) },
  { line: '--network-plugin', relation: changes(48) },
  { line: '--register-node', relation: changes(49) },
  { line: 'clusterCIDR', relation: changes(57) },
  { line: '/etc/cni/net.d/172-20-bridge.conf', relation: changes(12) },
];
