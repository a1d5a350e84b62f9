// Every line that a node's configuration has -> where its value comes from, and the statement of the
// manual procedure that it keeps or replaces (numbers as in docs/DEVIATIONS.md).

export interface LineRow {
  /** Path of the file on the node. */
  file: string;
  /** Key of the file with dots, flag with its dashes, or name of a variable. */
  line: string;
  /** Where the value comes from, or why it is what it is. */
  from: string;
  /** Number of the procedure's statement; absent where it says nothing. */
  statement?: number;
}

const rowsOf = (
  file: string,
  rows: readonly (readonly [line: string, from: string, statement?: number])[],
): LineRow[] =>
  rows.map(([line, from, statement]) => ({
    file,
    line,
    from,
    ...(statement === undefined ? {} : { statement }),
  }));

const nodeName =
  'common name of the worker’s certificate without system:node:; with tls-bootstrap name or node-name';
const fixed = 'the same on every node';
const networkMtu = 'MTU of the network interface, which DHCP gives';
const prefix = 'a line of ipv4-prefix of the metadata service';
const setting = (key: string) => `${key}: images/worker.yaml, or user-data`;

export const lineTable: readonly LineRow[] = [
  ...rowsOf('/etc/cni/net.d/172-20-bridge.conflist', [
    ['cniVersion', fixed, 13],
    ['name', fixed, 13],
    ['plugins.0.type', fixed, 13],
    ['plugins.0.bridge', 'the bridge of all pods of the node; kube-proxy knows pods by it', 14],
    ['plugins.0.isGateway', 'the bridge has the first address of the range', 15],
    ['plugins.0.ipMasq', 'what leaves the range of the node has the node’s address', 15],
    ['plugins.0.ipMasqBackend', setting('kube-proxy-mode'), 13],
    ['plugins.0.hairpinMode', 'a pod reaches itself through its own Service', 13],
    ['plugins.0.mtu', networkMtu, 13],
    ['plugins.0.ipam.type', fixed, 16],
    ['plugins.0.ipam.ranges.0.0.subnet', 'pod-cidr: user-data', 16],
    ['plugins.0.ipam.routes.0.dst', fixed, 16],
    ['plugins.1.type', 'serves hostPort', 18],
    ['plugins.1.backend', setting('kube-proxy-mode'), 18],
    ['plugins.1.capabilities.portMappings', 'serves hostPort', 18],
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
    ['cniVersion', fixed, 17],
    ['name', 'a network has a name since CNI 1.0.0', 17],
    ['type', fixed, 17],
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
    ['kind', fixed, 25],
    ['apiVersion', fixed, 25],
    ['authentication.anonymous.enabled', fixed, 26],
    ['authentication.webhook.enabled', 'the API server says who a caller is', 27],
    ['authentication.x509.clientCAFile', 'ca.pem of the shared secret', 28],
    ['authorization.mode', 'the API server says what a caller may', 29],
    ['clusterDomain', setting('cluster-domain'), 30],
    ['clusterDNS.0', setting('dns-address'), 31],
    ['resolvConf', 'what systemd-resolved learned by DHCP', 32],
    ['runtimeRequestTimeout', fixed, 33],
    [
      'tlsCertFile',
      'the worker’s certificate, of its own secret; with tls-bootstrap the kubelet makes one',
      34,
    ],
    ['tlsPrivateKeyFile', 'the worker’s key, of its own secret', 34],
    [
      'rotateCertificates',
      'identity: certificates of a secret are made anew there, others by the kubelet',
      35,
    ],
    ['containerRuntimeEndpoint', 'the socket of the image’s containerd', 35],
    ['cgroupDriver', 'the same as in containerd’s configuration', 35],
    ['registerNode', 'the node makes its own object', 35],
    ['maxPods', 'max-pods: user-data; without it as many as pod-cidr has room for, at most 110'],
    ['shutdownGracePeriod', 'pods end before the instance does'],
    ['shutdownGracePeriodCriticalPods', 'of that, for critical pods'],
    ['registerWithTaints', 'taints: user-data'],
    ['providerID', 'instance-id and placement/availability-zone of the metadata service'],
  ]),
  ...rowsOf('/var/lib/kubelet/node.env', [
    ['NODE_NAME', nodeName, 52],
    ['NODE_IP', 'meta-data/local-ipv4 of the metadata service', 52],
    ['NODE_LABELS', 'labels: user-data'],
    ['KUBELET_IDENTITY', 'identity: where the kubelet asks for its certificate, if it does'],
  ]),
  ...rowsOf('/var/lib/kube-proxy/kube-proxy-config.yaml', [
    ['kind', fixed, 54],
    ['apiVersion', fixed, 54],
    ['clientConnection.kubeconfig', 'kube-proxy.kubeconfig of the shared secret', 55],
    ['mode', setting('kube-proxy-mode'), 56],
    ['detectLocalMode', 'pod-cidr: pods are known by their interfaces', 57],
    [
      'detectLocal.bridgeInterface',
      'pod-cidr a range, or node: the bridge of the CNI configuration',
      57,
    ],
    [
      'detectLocal.interfaceNamePrefix',
      'pod-cidr imds-prefix: as ptp names the node’s end of a pair',
      57,
    ],
    ['hostnameOverride', nodeName, 52],
  ]),
  ...rowsOf('/etc/systemd/system/kubelet.service', [
    ['--config', '/var/lib/kubelet/kubelet-config.yaml', 42],
    ['--kubeconfig', 'the worker’s kubeconfig, of its own secret', 47],
    ['--hostname-override', 'NODE_NAME of /var/lib/kubelet/node.env', 52],
    ['--node-ip', 'NODE_IP of /var/lib/kubelet/node.env', 52],
    [
      '--node-labels',
      'NODE_LABELS of /var/lib/kubelet/node.env; only used when the node registers',
    ],
    ['--v', 'as the procedure has it', 50],
    [
      '--bootstrap-kubeconfig',
      'KUBELET_IDENTITY of /var/lib/kubelet/node.env; identity tls-bootstrap',
    ],
    ['--cert-dir', 'KUBELET_IDENTITY of /var/lib/kubelet/node.env; identity tls-bootstrap'],
  ]),
  ...rowsOf('/etc/systemd/system/kube-proxy.service', [
    ['--config', '/var/lib/kube-proxy/kube-proxy-config.yaml', 58],
  ]),
];

/** Flags, keys and files of the procedure that no node has any more, with the step that wrote them. */
export const goneTable: readonly { line: string; statement: number; step: number }[] = [
  { line: '--cluster-domain', statement: 43, step: 15 },
  { line: '--container-runtime', statement: 44, step: 15 },
  { line: '--container-runtime-endpoint', statement: 45, step: 15 },
  { line: '--image-pull-progress-deadline', statement: 46, step: 15 },
  { line: '--network-plugin', statement: 48, step: 15 },
  { line: '--register-node', statement: 49, step: 15 },
  { line: 'clusterCIDR', statement: 57, step: 16 },
  { line: '/etc/cni/net.d/172-20-bridge.conf', statement: 12, step: 10 },
];
