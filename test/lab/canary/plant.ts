// A worker that the lab has just made -> its secrets with a canary in each, in Secrets Manager before it asks.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { apiServerUrl, workerAddresses } from '../../../scripts/lab/addresses.ts';
import { kubeconfigFor } from '../../../scripts/lab/pki.ts';
import type { Lab } from '../../../scripts/lab/lab.ts';
import { ask } from '../../../scripts/lab/protocol.ts';
import {
  embeddedKeyNeedle,
  keyNeedles,
  markerNeedle,
  newMarker,
  withMarker,
  type Needle,
} from './needles.ts';

const folder = 'k8s/k8s-cluster-from-ground-up';
const worker = 'k8s-cluster-from-ground-up-worker-0';

const proxyPath = '/var/lib/kube-proxy/kubeconfig';
const kubeconfigPath = '/var/lib/kubelet/kubeconfig';

/** What to look for, and in which files the node may have it. */
export const plantCanaries = async (lab: Lab): Promise<Needle[]> => {
  const inPki = (name: string) => path.join(lab.folder, 'pki', name);
  const pairOf = async (name: string) => {
    const [certificateFile, keyFile] = [inPki(`${name}.pem`), inPki(`${name}-key.pem`)];
    const texts = await Promise.all([certificateFile, keyFile].map((one) => readFile(one, 'utf8')));
    const [certificate = '', key = ''] = texts;
    return { certificate, key, certificateFile, keyFile };
  };
  const authority = await readFile(inPki('ca.pem'), 'utf8');
  const [node, proxy] = [await pairOf(worker), await pairOf('kube-proxy')];
  const user = `system:node:${workerAddresses(0).nodeName}`;
  const texts: Record<string, Record<string, [string, string]>> = {
    shared: {
      'ca.pem': [authority, '/var/lib/kubernetes/ca.pem'],
      'kube-proxy.kubeconfig': [
        kubeconfigFor('system:kube-proxy', proxy, authority, apiServerUrl),
        proxyPath,
      ],
    },
    'worker-0': {
      [`${worker}.pem`]: [node.certificate, `/var/lib/kubelet/${worker}.pem`],
      [`${worker}-key.pem`]: [node.key, `/var/lib/kubelet/${worker}-key.pem`],
      [`${worker}.kubeconfig`]: [
        kubeconfigFor(user, node, authority, apiServerUrl),
        kubeconfigPath,
      ],
    },
  };
  const needles = [
    ...keyNeedles('private key', node.key, [`/var/lib/kubelet/${worker}-key.pem`]),
    embeddedKeyNeedle('private key', node.key, kubeconfigPath),
    ...keyNeedles("kube-proxy's private key", proxy.key, []),
    embeddedKeyNeedle("kube-proxy's private key", proxy.key, proxyPath),
  ];
  for (const [name, fields] of Object.entries(texts)) {
    const marked = Object.entries(fields).map(([field, [text, file]]) => {
      const marker = newMarker();
      needles.push(markerNeedle(field, marker, file));
      return [field, withMarker(text, marker)] as const;
    });
    await ask(lab.folder, 'setSecret', {
      name: `${folder}/${name}`,
      fields: Object.fromEntries(marked),
    });
  }
  return needles;
};
