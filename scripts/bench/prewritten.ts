// A configured worker -> folders of files to lay over a disk, so that it needs no first boot.
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../project/tools.ts';

const step = 'bench';

/** What the agent wrote on a node: a tar stream in base64, made as root. */
export const captureScript =
  'tar --create --directory / etc/cni/net.d var/lib/kube-proxy var/lib/kubernetes ' +
  '$(cd / && ls var/lib/kubelet/*.pem var/lib/kubelet/kubeconfig var/lib/kubelet/*.yaml ' +
  'var/lib/kubelet/node.env) | base64';

export interface Captured {
  /** tar, as `captureScript` made it. */
  archive: Buffer;
  sshPublicKey: string;
}

export const systemFolder = 'etc/systemd/system';

const writeUnder = async (root: string, file: string, text: string, mode = 0o644) => {
  const target = path.join(root, file);
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
  await writeFile(target, text, { mode });
  await chmod(target, mode);
};

export const linkUnder = async (root: string, file: string, target: string): Promise<void> => {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true, mode: 0o755 });
  await symlink(target, path.join(root, file));
};

export const extract = async (root: string, archive: Buffer): Promise<void> => {
  const file = `${root}.tar`;
  await writeFile(file, archive, { mode: 0o600 });
  await runTool('tar', ['--extract', '--file', file, '--directory', root], {
    step,
    timeoutMs: 60_000,
  });
  await rm(file);
};

/** A login without cloud-init, and host keys, which a floor must not have to make. */
const writeLogin = async (root: string, { sshPublicKey }: Captured): Promise<void> => {
  await mkdir(path.join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
  await writeUnder(root, 'root/.ssh/authorized_keys', `${sshPublicKey}\n`, 0o600);
  await mkdir(path.join(root, 'etc/ssh'), { recursive: true, mode: 0o755 });
  await runTool('ssh-keygen', ['-q', '-A', '-f', root], { step, timeoutMs: 60_000 });
};

export const startsAtBoot = (
  root: string,
  unit: string,
  target = 'multi-user.target',
): Promise<void> =>
  linkUnder(root, `${systemFolder}/${target}.wants/${unit}`, `/${systemFolder}/${unit}`);

/** Our image as it is, but that somebody can log in at once: cloud-init, which would come after Ready, is off. */
export const overlayLogin = async (root: string, captured: Captured): Promise<void> => {
  await writeLogin(root, captured);
  await linkUnder(root, `${systemFolder}/groundup-cloud-init.service`, '/dev/null');
};

/** (b): our image, every file in place, the agent and cloud-init off. */
export const overlaySlim = async (root: string, captured: Captured): Promise<void> => {
  await extract(root, captured.archive);
  await writeLogin(root, captured);
  for (const unit of ['groundup', 'groundup-ready', 'groundup-cloud-init'])
    await linkUnder(root, `${systemFolder}/${unit}.service`, '/dev/null');
  // The agent, which knows that the network is up, does not start them here.
  const online = 'systemd-networkd-wait-online.service';
  for (const unit of ['kubelet.service', 'kube-proxy.service']) {
    await startsAtBoot(root, unit);
    const dropIn = `[Unit]\nWants=${online}\nAfter=${online}\n`;
    await writeUnder(root, `${systemFolder}/${unit}.d/network.conf`, dropIn);
  }
};

const kubeletUnit = `[Unit]
Description=Kubernetes Kubelet
Wants=network-online.target
After=containerd.service network-online.target
Requires=containerd.service
[Service]
EnvironmentFile=/var/lib/kubelet/node.env
ExecStart=/usr/local/bin/kubelet --config=/var/lib/kubelet/kubelet-config.yaml \\
  --kubeconfig=/var/lib/kubelet/kubeconfig --hostname-override=\${NODE_NAME} \\
  --node-ip=\${NODE_IP} --v=2
Restart=on-failure
RestartSec=5
[Install]
WantedBy=multi-user.target
`;

const kubeProxyUnit = `[Unit]
Description=Kubernetes Kube Proxy
After=network-online.target
[Service]
ExecStart=/usr/local/bin/kube-proxy --config=/var/lib/kube-proxy/kube-proxy-config.yaml
Restart=on-failure
RestartSec=5
[Install]
WantedBy=multi-user.target
`;

/** kubelet and kube-proxy for stock Debian, not yet enabled. */
export const writeNodeUnits = async (root: string): Promise<void> => {
  await writeUnder(root, `${systemFolder}/kubelet.service`, kubeletUnit);
  await writeUnder(root, `${systemFolder}/kube-proxy.service`, kubeProxyUnit);
};

/** cloud-init finds the metadata service, as on EC2. */
export const writeDatasource = (root: string, more = ''): Promise<void> =>
  writeUnder(root, 'etc/cloud/cloud.cfg.d/95-worker.cfg', `datasource_list: [ Ec2 ]\n${more}`);

/** (a): stock Debian, every file in place, no cloud-init. */
export const overlayPlain = async (root: string, captured: Captured): Promise<void> => {
  await extract(root, captured.archive);
  await writeLogin(root, captured);
  await writeUnder(root, 'etc/cloud/cloud-init.disabled', '');
  const network = '[Match]\nName=en* eth*\n\n[Network]\nDHCP=ipv4\n';
  await writeUnder(root, 'etc/systemd/network/80-dhcp.network', network);
  await writeNodeUnits(root);
  for (const unit of ['containerd.service', 'kubelet.service', 'kube-proxy.service'])
    await startsAtBoot(root, unit);
};

/** (d): stock Debian as cloud-init finds it, the certificates in the login user's home. */
export const overlaySeed = async (root: string, captured: Captured): Promise<void> => {
  const node = `${root}.node`;
  await mkdir(node, { mode: 0o700 });
  await extract(node, captured.archive);
  const home = path.join(root, 'home/debian');
  await mkdir(home, { recursive: true, mode: 0o755 });
  const script = [
    'set -e',
    'cp "$1"/var/lib/kubelet/*.pem "$1"/var/lib/kubernetes/ca.pem "$2"/',
    'worker=$(basename "$(ls "$1"/var/lib/kubelet/*-key.pem)" -key.pem)',
    'cp "$1/var/lib/kubelet/kubeconfig" "$2/$worker.kubeconfig"',
    'cp "$1/var/lib/kube-proxy/kubeconfig" "$2/kube-proxy.kubeconfig"',
  ].join('\n');
  await runTool('sh', ['-c', script, 'sh', node, home], { step, timeoutMs: 30_000 });
  await rm(node, { recursive: true });
  await writeDatasource(root, 'runcmd:\n  - [ /usr/local/sbin/configure-worker ]\n');
};
