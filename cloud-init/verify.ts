// Rendered texts, read back by a parser -> proof that they say what the values say.
// A template with a slip of indentation or quoting is caught here, before anything is written.
import { load } from 'js-yaml';
import type { Values } from './derive.ts';

/** Place in the parsed document, parts joined by `.`, -> what must stand there, or its JSON. */
type Expectations = Record<string, string | number | boolean | { json: string }>;

const expectations: Record<string, (values: Values) => Expectations> = {
  '172-20-bridge.conflist': ({ podCidr, mtuBytes, packetFilter }) => ({
    cniVersion: '1.0.0',
    name: 'bridge',
    'plugins.length': 2,
    'plugins.0.type': 'bridge',
    'plugins.0.bridge': 'cnio0',
    'plugins.0.isGateway': true,
    'plugins.0.ipMasq': true,
    'plugins.0.ipMasqBackend': packetFilter,
    'plugins.0.hairpinMode': true,
    'plugins.0.mtu': mtuBytes,
    'plugins.0.ipam.type': 'host-local',
    'plugins.0.ipam.ranges.length': 1,
    'plugins.0.ipam.ranges.0.length': 1,
    'plugins.0.ipam.ranges.0.0.subnet': podCidr,
    'plugins.0.ipam.routes.0.dst': '0.0.0.0/0',
    'plugins.1.type': 'portmap',
    'plugins.1.backend': packetFilter,
  }),
  '10-prefixes.conflist': ({ podPool, mtuBytes, packetFilter }) => ({
    cniVersion: '1.0.0',
    name: 'prefixes',
    'plugins.length': 2,
    'plugins.0.type': 'ptp',
    'plugins.0.ipMasq': false,
    'plugins.0.mtu': mtuBytes,
    'plugins.0.ipam.type': 'host-local',
    'plugins.0.ipam.ranges': { json: podPool },
    'plugins.0.ipam.routes.0.dst': '0.0.0.0/0',
    'plugins.1.type': 'portmap',
    'plugins.1.backend': packetFilter,
  }),
  'pod-network.nft': ({ podPrefixes, vpcRanges }) => ({ pods: podPrefixes, vpc: vpcRanges }),
  '99-loopback.conf': () => ({ cniVersion: '1.0.0', name: 'lo', type: 'loopback' }),
  'kubelet-config.yaml': (values) => ({
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    'authentication.anonymous.enabled': false,
    'authentication.webhook.enabled': true,
    'authentication.x509.clientCAFile': '/var/lib/kubernetes/ca.pem',
    'authorization.mode': 'Webhook',
    clusterDomain: values.clusterDomain,
    'clusterDNS.length': 1,
    'clusterDNS.0': values.dnsAddress,
    resolvConf: '/run/systemd/resolve/resolv.conf',
    tlsCertFile: values.certificatePath,
    tlsPrivateKeyFile: values.privateKeyPath,
    rotateCertificates: values.rotateCertificates,
    cgroupDriver: 'systemd',
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    maxPods: values.maxPods,
    registerWithTaints: { json: values.registerWithTaints },
    providerID: values.providerId,
  }),
  'kube-proxy-config.yaml': ({ nodeName, kubeProxyMode, detectLocalMode, detectLocal }) => ({
    kind: 'KubeProxyConfiguration',
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    'clientConnection.kubeconfig': '/var/lib/kube-proxy/kubeconfig',
    mode: kubeProxyMode,
    detectLocalMode,
    detectLocal: { json: detectLocal },
    hostnameOverride: nodeName,
  }),
  'node.env': ({ nodeName, nodeIp, nodeLabels, kubeletIdentity }) => ({
    NODE_NAME: nodeName,
    NODE_IP: nodeIp,
    NODE_LABELS: nodeLabels,
    KUBELET_IDENTITY: kubeletIdentity,
  }),
};

const parseEnvironment = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** Name of a set of nftables -> its elements. */
const parseSets = (text: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(
      text.matchAll(/^ {2}set (\w+) \{\n.*\n {4}elements = \{ (.+) \}\n {2}\}$/gm),
      ([, name = '', elements = '']) => [name, elements],
    ),
  );

const parseText = (template: string, text: string): unknown => {
  if (template.endsWith('.env')) return parseEnvironment(text);
  if (template.endsWith('.nft')) return parseSets(text);
  return template.endsWith('.yaml') ? load(text) : JSON.parse(text);
};

const valueAt = (document: unknown, place: string): unknown => {
  let value = document;
  for (const part of place.split('.')) value = (value as Record<string, unknown>)?.[part];
  return value;
};

/** Every template that has expectations; a test holds this against the table of files. */
export const verifiedTemplates: readonly string[] = Object.keys(expectations);

/** Parses a rendered text and compares it with the values; throws where they differ. */
export const verifyRendered = (template: string, text: string, values: Values): void => {
  const expected = expectations[template];
  if (expected === undefined) throw new Error(`${template}: nothing says what it must contain`);
  const document = parseText(template, text);
  for (const [place, wanted] of Object.entries(expected(values))) {
    const found = valueAt(document, place);
    const isJson = typeof wanted === 'object';
    const [readBack, expectedText] = [
      JSON.stringify(found),
      isJson ? wanted.json : JSON.stringify(wanted),
    ];
    if (readBack !== expectedText)
      throw new Error(`${template}: ${place} reads back as ${readBack}, not ${expectedText}`);
  }
};
