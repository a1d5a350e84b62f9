// A booted worker -> everything the tests want to know of it, by one command over SSH.
// One round trip, since each costs seconds in a virtual machine without hardware acceleration.
import { unitTimesScript } from './critical-chain.ts';

export interface FileFacts {
  /** Octal, e.g. `600`. */
  mode: string;
  owner: string;
  sizeBytes: number;
  sha256: string;
  /** Absent for secrets. */
  text?: string;
}

export interface UnitFacts {
  active: string;
  enabled: string;
  execStart: string;
  after: string;
  requires: string;
  restart: string;
  restartDelay: string;
  description: string;
  documentation: string;
  /** Microseconds since the kernel started. */
  started: string;
  ended: string;
}

export interface NodeSnapshot {
  files: Record<string, FileFacts>;
  units: Record<string, UnitFacts>;
  /** Names in each listed folder. */
  folders: Record<string, string[]>;
  /** Output of each named command. */
  outputs: Record<string, string>;
}

const secretPattern = /\.pem$|kubeconfig$/;

const folders = [
  '/etc/cni/net.d',
  '/opt/cni/bin',
  '/var/lib/kubelet',
  '/var/lib/kube-proxy',
  '/var/lib/kubernetes',
  '/usr/local/bin',
  '/home/debian',
];
const fileGlobs = [
  '/etc/cni/net.d/*',
  '/var/lib/kubelet/*.pem',
  '/var/lib/kubelet/kubeconfig',
  '/var/lib/kubelet/kubelet-config.yaml',
  '/var/lib/kubelet/node.env',
  '/var/lib/kube-proxy/*',
  '/var/lib/kubernetes/*',
  '/etc/containerd/config.toml',
  '/etc/resolv.conf',
  '/run/systemd/resolve/resolv.conf',
  '/var/lib/groundup/*',
  '/etc/machine-id',
];
const units = ['containerd', 'kubelet', 'kube-proxy', 'groundup', 'groundup-cloud-init', 'ssh'];
const unitProperties: Record<keyof UnitFacts, string> = {
  active: 'ActiveState',
  enabled: 'UnitFileState',
  execStart: 'ExecStart',
  after: 'After',
  requires: 'Requires',
  restart: 'Restart',
  restartDelay: 'RestartUSec',
  description: 'Description',
  documentation: 'Documentation',
  started: 'ExecMainStartTimestampMonotonic',
  ended: 'ExecMainExitTimestampMonotonic',
};

/** Commands whose output tests read; each ends by itself. */
const commands: Record<string, string> = {
  failedUnits: 'systemctl --failed --no-legend --plain',
  orderingCycles: "journalctl -b --no-pager -o cat | grep -i 'ordering cycle' || true",
  cloudInitStatus: 'cloud-init status --format json; echo "exit $?"',
  hostname: 'hostname',
  kubeletCommand: "tr '\\0' ' ' </proc/$(pidof kubelet)/cmdline",
  kubeProxyCommand: "tr '\\0' ' ' </proc/$(pidof kube-proxy)/cmdline",
  swap: 'cat /proc/swaps',
  certificate:
    'openssl x509 -noout -subject -nameopt multiline -in /var/lib/kubelet/*worker-[0-9].pem',
  bridge: 'ip -json address show cnio0',
  ipForward: 'sysctl -n net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables',
  agentLog: 'journalctl -b -u groundup.service -u groundup-ready.service --no-pager -o cat',
  unitVerify:
    'systemd-analyze verify --man=no --recursive-errors=no /etc/systemd/system/*.service 2>&1 | grep -v "is masked"',
  cloudInitSchema: 'cloud-init schema --config-file /etc/cloud/cloud.cfg.d/91-groundup.cfg 2>&1',
  containerdConfig: '/usr/local/bin/containerd config dump 2>&1 >/dev/null',
  iptables: 'command -v iptables || echo none',
  userData: 'cat /var/lib/cloud/instance/user-data.txt',
  routes: 'ip route',
  containerNamespaces: 'ctr namespaces list --quiet',
  runningContainers: 'ctr --namespace k8s.io tasks list --quiet | wc -l',
  needsReload: 'systemctl show --property=NeedDaemonReload --value kubelet.service',
  readAhead: "dmesg --notime | grep '^groundup: '",
  readAheadRanges: 'cat /usr/lib/groundup/read-ahead',
  unitTimes: unitTimesScript,
  lateModules:
    'for module in button evdev aesni_intel; do [ ! -e /sys/module/$module ] || echo $module; done',
  systemPrograms: 'findmnt --noheadings --output FSTYPE,OPTIONS /usr/lib/groundup/system',
  journalLines: 'journalctl -b -u kubelet.service --no-pager | wc -l',
};

const marker = '@@groundup@@';

/** The shell script that prints the snapshot, with the outputs named; must run as root. */
export const snapshotScript = (names: readonly string[] = Object.keys(commands)): string => {
  const properties = Object.values(unitProperties).join(',');
  return [
    `for f in ${fileGlobs.join(' ')}; do [ -f "$f" ] || continue`,
    `echo "${marker} file $(stat -L -c '%a %U %s %n' "$f") $(sha256sum <"$f" | cut -c1-64)"`,
    `case $f in *.pem|*kubeconfig) ;; *) cat "$f"; echo ;; esac; done`,
    ...folders.map((folder) => `echo "${marker} folder ${folder}"; ls -A ${folder} 2>/dev/null`),
    ...units.map(
      (unit) => `echo "${marker} unit ${unit}"; systemctl show -p ${properties} ${unit}.service`,
    ),
    ...names.map((name) => `echo "${marker} output ${name}"; { ${commands[name]}; } 2>/dev/null`),
    'true',
  ].join('\n');
};

const parseUnit = (text: string): UnitFacts => {
  const values = new Map(
    text.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  return Object.fromEntries(
    Object.entries(unitProperties).map(([name, property]) => [name, values.get(property) ?? '']),
  ) as unknown as UnitFacts;
};

/** Output of `snapshotScript` -> snapshot. */
export const parseSnapshot = (output: string): NodeSnapshot => {
  const snapshot: NodeSnapshot = { files: {}, units: {}, folders: {}, outputs: {} };
  // A last section without output may have lost its line end to a client that trims.
  for (const section of `${output}\n`.split(`${marker} `).slice(1)) {
    const end = section.indexOf('\n');
    const [kind, ...words] = section.slice(0, end).split(' ');
    const text = section.slice(end + 1);
    const subject = words.join(' ');
    if (kind === 'folder')
      snapshot.folders[subject] = text.split('\n').filter((name) => name !== '');
    if (kind === 'unit') snapshot.units[subject] = parseUnit(text);
    if (kind === 'output') snapshot.outputs[subject] = text.trimEnd();
    if (kind === 'file') {
      const [mode = '', owner = '', size = '0', name = '', sha256 = ''] = words;
      const facts: FileFacts = { mode, owner, sizeBytes: Number(size), sha256 };
      snapshot.files[name] = secretPattern.test(name) ? facts : { ...facts, text };
    }
  }
  return snapshot;
};
