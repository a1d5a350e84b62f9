// A configured worker -> files over a stock Debian that boots in the order of nodeadm's units.
// https://awslabs.github.io/amazon-eks-ami/nodeadm/
import { chmod, cp, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { inProject } from '../project/paths.ts';
import {
  extract,
  linkUnder,
  startsAtBoot,
  systemFolder,
  writeDatasource,
  writeNodeUnits,
  type Captured,
} from './prewritten.ts';

const rootfs = 'scripts/bench/nodeadm/rootfs';
const templatesFolder = 'usr/local/share/node-config';
/** Read by a unit of their own at basic.target. */
const readBinaries = ['containerd', 'kubelet'];

/** (e): stock Debian, certificates in place; a unit before cloud-init writes files, one after it starts. */
export const overlayNodeadm = async (root: string, captured: Captured): Promise<void> => {
  await extract(root, captured.archive);
  await mkdir(path.join(root, templatesFolder), { recursive: true, mode: 0o755 });
  for (const file of [
    'var/lib/kubelet/kubelet-config.yaml',
    'var/lib/kube-proxy/kube-proxy-config.yaml',
  ])
    await rename(path.join(root, file), path.join(root, templatesFolder, path.basename(file)));
  await rm(path.join(root, 'var/lib/kubelet/node.env'));
  await cp(inProject(rootfs), root, { recursive: true });
  await chmod(path.join(root, 'usr/local/sbin/node-config'), 0o755);
  await writeNodeUnits(root);
  await writeDatasource(root);
  await startsAtBoot(root, 'node-config.service');
  await startsAtBoot(root, 'node-run.service', 'cloud-init.target');
  for (const name of readBinaries) {
    const wanted = `${systemFolder}/basic.target.wants/read-binary@${name}.service`;
    await linkUnder(root, wanted, `/${systemFolder}/read-binary@.service`);
  }
};
