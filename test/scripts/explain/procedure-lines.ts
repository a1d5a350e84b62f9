// What the manual procedure writes into its files, line by line, as the files are called on a node: the value
// and the number of the statement that has it. Of its user-data `name=worker-0|pod-cidr=172.20.0.0/24`.

type Line = readonly [value: unknown, statement: number];

const worker = '/var/lib/kubelet/k8s-cluster-from-ground-up-worker-0';

export const procedureLines: Readonly<
  Record<string, { step: number; lines: Readonly<Record<string, Line>> }>
> = {
  // One plugin there, the first of a list here.
  '/etc/cni/net.d/172-20-bridge.conflist': {
    step: 10,
    lines: {
      cniVersion: ['0.3.1', 13],
      name: ['bridge', 13],
      'plugins.0.type': ['bridge', 13],
      'plugins.0.bridge': ['cnio0', 14],
      'plugins.0.isGateway': [true, 15],
      'plugins.0.ipMasq': [true, 15],
      'plugins.0.ipam.type': ['host-local', 16],
      'plugins.0.ipam.ranges.0.0.subnet': ['172.20.0.0/24', 16],
      'plugins.0.ipam.routes.0.dst': ['0.0.0.0/0', 16],
    },
  },
  '/etc/cni/net.d/99-loopback.conf': {
    step: 10,
    lines: { cniVersion: ['0.3.1', 17], type: ['loopback', 17] },
  },
  '/var/lib/kubelet/kubelet-config.yaml': {
    step: 14,
    lines: {
      kind: ['KubeletConfiguration', 25],
      apiVersion: ['kubelet.config.k8s.io/v1beta1', 25],
      'authentication.anonymous.enabled': [false, 26],
      'authentication.webhook.enabled': [true, 27],
      'authentication.x509.clientCAFile': ['/var/lib/kubernetes/ca.pem', 28],
      'authorization.mode': ['Webhook', 29],
      clusterDomain: ['cluster.local', 30],
      'clusterDNS.0': ['10.32.0.10', 31],
      resolvConf: ['/etc/resolv.conf', 32],
      runtimeRequestTimeout: ['15m', 33],
      tlsCertFile: [`${worker}.pem`, 34],
      tlsPrivateKeyFile: [`${worker}-key.pem`, 34],
    },
  },
  '/etc/systemd/system/kubelet.service': {
    step: 15,
    lines: {
      '--config': ['/var/lib/kubelet/kubelet-config.yaml', 42],
      '--kubeconfig': ['/var/lib/kubelet/kubeconfig', 47],
      '--v': ['2', 50],
    },
  },
  '/var/lib/kube-proxy/kube-proxy-config.yaml': {
    step: 16,
    lines: {
      kind: ['KubeProxyConfiguration', 54],
      apiVersion: ['kubeproxy.config.k8s.io/v1alpha1', 54],
      'clientConnection.kubeconfig': ['/var/lib/kube-proxy/kubeconfig', 55],
      mode: ['iptables', 56],
    },
  },
  '/etc/systemd/system/kube-proxy.service': {
    step: 17,
    lines: { '--config': ['/var/lib/kube-proxy/kube-proxy-config.yaml', 58] },
  },
};
