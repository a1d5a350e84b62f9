// What a node on loopback is made of: baked settings, secrets as a lab would sign them, and a root
// folder whose systemctl only records.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { networkStatePath } from '../../cloud-init/network.ts';
import { CertificateAuthority, kubeconfigFor } from './pki.ts';

export const bakedSettings = {
  cluster: 'k8s-cluster-from-ground-up',
  kubernetes: '1.37.1',
  identity: 'files',
  'node-name': 'instance-id',
  'service-cidr': '10.32.0.0/24',
  'dns-address': '10.32.0.10',
  'cluster-domain': 'cluster.local',
  'secret-prefix': 'k8s',
  'kube-proxy-mode': 'nftables',
  'cloud-init': 'deferred',
};

export const makeFields = async (folder: string, nodeName: string, workerName: string) => {
  const authority = await CertificateAuthority.create(folder);
  const worker = await authority.sign('worker', {
    commonName: `system:node:${nodeName}`,
    organization: 'system:nodes',
    alternativeNames: ['IP:172.31.0.20'],
  });
  const proxy = await authority.sign('proxy', { commonName: 'system:kube-proxy' });
  const ca = await authority.certificate();
  const server = 'https://172.31.0.10:6443';
  return {
    node: {
      [`${workerName}.pem`]: worker.certificate,
      [`${workerName}-key.pem`]: worker.key,
      [`${workerName}.kubeconfig`]: kubeconfigFor(nodeName, worker, ca, server),
    },
    shared: { 'ca.pem': ca, 'kube-proxy.kubeconfig': kubeconfigFor('proxy', proxy, ca, server) },
  };
};

/** The root folder as an image has it before its first boot. */
export const makeRoot = async (): Promise<string> => {
  const root = await mkdtemp(path.join(tmpdir(), 'groundup-node-'));
  for (const folder of ['etc/groundup', 'etc/cni', 'var/lib', 'dev', 'run/groundup', 'bin'])
    await mkdir(path.join(root, folder), { recursive: true });
  await writeFile(path.join(root, 'etc/groundup/settings.json'), JSON.stringify(bakedSettings));
  await writeFile(path.join(root, 'dev/console'), '');
  await mkdir(path.join(root, path.dirname(networkStatePath)), { recursive: true });
  await writeFile(path.join(root, networkStatePath), 'IPV4_ADDRESS_STATE=routable\n');
  const systemctl = `#!/bin/sh\necho "$@" >>${root}/systemctl.log\nexit "\${SYSTEMCTL_EXIT:-0}"\n`;
  await writeFile(path.join(root, 'bin/systemctl'), systemctl, { mode: 0o755 });
  return root;
};
