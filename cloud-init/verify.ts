// Rendered files, read back by a parser -> the values that went in, or a bug is reported before
// anything is written. Rendering joins text; this is the second road to the same answer.
import { parse } from 'yaml';
import type { NodeValues } from './derive.ts';
import type { TemplateName } from './files.ts';
import type { RenderedFile } from './render.ts';

/** Path inside the parsed document -> the value that must be there. */
type Expectations = Record<string, string | number | boolean>;

const expectationsOf = (values: NodeValues): Record<TemplateName, Expectations> => ({
  '172-20-bridge.conflist': {
    'plugins.0.type': 'bridge',
    'plugins.0.bridge': 'cnio0',
    'plugins.0.isGateway': true,
    'plugins.0.ipMasq': true,
    'plugins.0.ipMasqBackend': values.masqueradeBackend,
    'plugins.0.hairpinMode': true,
    'plugins.0.ipam.ranges.0.0.subnet': values.podCidr,
  },
  '99-loopback.conf': { name: 'lo', type: 'loopback' },
  'kubelet-config.yaml': {
    kind: 'KubeletConfiguration',
    'authentication.anonymous.enabled': false,
    'authentication.webhook.enabled': true,
    'authorization.mode': 'Webhook',
    'clusterDNS.0': values.dnsAddress,
    clusterDomain: values.clusterDomain,
    maxPods: values.maxPods,
    tlsCertFile: `/var/lib/kubelet/${values.workerName}.pem`,
    tlsPrivateKeyFile: `/var/lib/kubelet/${values.workerName}-key.pem`,
  },
  'kube-proxy-config.yaml': {
    kind: 'KubeProxyConfiguration',
    hostnameOverride: values.nodeName,
    mode: values.kubeProxyMode,
    'detectLocal.bridgeInterface': 'cnio0',
  },
  'node.env': { NODE_NAME: values.nodeName, NODE_IP: values.nodeAddress },
});

const parseEnvironment = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

const parseFile = (template: TemplateName, text: string): unknown => {
  if (template === 'node.env') return parseEnvironment(text);
  return template.endsWith('.yaml') ? parse(text) : JSON.parse(text);
};

const valueAt = (document: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null
          ? (value as Record<string, unknown>)[key]
          : undefined,
      document,
    );

/** Throws when a rendered file does not say what it was rendered from. */
export const verifyFiles = (files: readonly RenderedFile[], values: NodeValues): void => {
  const expectations = expectationsOf(values);
  for (const { path, template, content } of files) {
    if (template === undefined || typeof content !== 'string') continue;
    const document = parseFile(template, content);
    for (const [place, expected] of Object.entries(expectations[template])) {
      const found = valueAt(document, place);
      if (found === expected) continue;
      throw new Error(
        `${path}: ${place} reads back as ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`,
      );
    }
  }
};
