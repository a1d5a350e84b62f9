// Debian packages that the commands need: how to see that one is there, and what it is for.
// A probe is a path, because a look at the disk costs microseconds and dpkg-query 20 ms.

export interface PackageRow {
  name: string;
  /** Files of which any one shows that the package is installed. */
  probes: readonly string[];
  /** `to <why>`: the reason given when it is installed. */
  why: string;
}

const bins = (...names: string[]): string[] =>
  names.flatMap((name) => [`/usr/bin/${name}`, `/usr/sbin/${name}`, `/usr/local/bin/${name}`]);

export const packageTable = {
  mmdebstrap: { probes: bins('mmdebstrap'), why: 'make the base image' },
  'debian-archive-keyring': {
    probes: [
      '/usr/share/keyrings/debian-archive-keyring.gpg',
      '/usr/share/keyrings/debian-archive-keyring.pgp',
    ],
    why: 'check the Debian archive’s signatures',
  },
  fdisk: { probes: bins('sfdisk'), why: 'partition the disk image' },
  e2fsprogs: { probes: bins('mke2fs'), why: 'make the root file system' },
  'xz-utils': { probes: bins('xz'), why: 'unpack archives' },
  'qemu-system-x86': { probes: bins('qemu-system-x86_64'), why: 'run virtual machines' },
  'qemu-utils': { probes: bins('qemu-img'), why: 'convert disk images' },
  'openssh-client': { probes: bins('ssh-keygen'), why: 'let Packer log in' },
  gcc: { probes: bins('gcc'), why: 'compile runc and the pause program' },
  'libc6-dev': { probes: ['/usr/include/stdio.h'], why: 'compile runc and the pause program' },
  'libseccomp-dev': { probes: ['/usr/include/seccomp.h'], why: 'compile runc' },
  'pkg-config': { probes: bins('pkg-config', 'pkgconf'), why: 'compile runc' },
  curl: { probes: bins('curl'), why: 'download releases' },
  'ca-certificates': {
    probes: ['/etc/ssl/certs/ca-certificates.crt'],
    why: 'check the certificates of download hosts',
  },
  'dnsmasq-base': { probes: bins('dnsmasq'), why: 'serve DHCP and DNS in the lab' },
  nftables: { probes: bins('nft'), why: 'route packets in the lab' },
  iproute2: { probes: ['/sbin/ip', '/usr/bin/ip'], why: 'make the lab’s network' },
  'iputils-ping': { probes: [...bins('ping'), '/bin/ping'], why: 'ask whether pods answer' },
  'busybox-static': { probes: [...bins('busybox'), '/bin/busybox'], why: 'run in the lab’s pods' },
  openssl: { probes: bins('openssl'), why: 'make certificates' },
  skopeo: { probes: bins('skopeo'), why: 'fetch the container images of images/worker.yaml' },
  strace: { probes: bins('strace'), why: 'cut the agent off at each of its system calls' },
  tcpdump: { probes: bins('tcpdump'), why: 'look for secrets in what a node sends' },
  shellcheck: { probes: bins('shellcheck'), why: 'check shell scripts' },
  'golang-go': { probes: [...bins('go'), '/usr/local/go/bin/go'], why: 'build from Go modules' },
} as const satisfies Record<string, Omit<PackageRow, 'name'>>;

export type PackageName = keyof typeof packageTable;

/** What `npm run build-ami` needs. */
export const imagePackages = [
  'mmdebstrap',
  'debian-archive-keyring',
  'fdisk',
  'e2fsprogs',
  'xz-utils',
  'qemu-system-x86',
  'qemu-utils',
  'openssh-client',
  'curl',
  'ca-certificates',
] as const satisfies readonly PackageName[];

/** What building from Go modules needs besides Go, where C is compiled. */
export const compilerPackages = [
  'gcc',
  'libc6-dev',
  'libseccomp-dev',
  'pkg-config',
] as const satisfies readonly PackageName[];

/** What `npm run lab` needs. */
export const labPackages = [
  'qemu-system-x86',
  'qemu-utils',
  'dnsmasq-base',
  'nftables',
  'iproute2',
  'iputils-ping',
  'openssl',
  'openssh-client',
  'busybox-static',
  'curl',
] as const satisfies readonly PackageName[];

/** What `npm run lab -- touched` needs. */
export const touchedPackages = ['fdisk', 'e2fsprogs'] as const satisfies readonly PackageName[];

/** What `npm test` needs besides the former two. */
export const testPackages = [
  'shellcheck',
  'skopeo',
  'strace',
  'tcpdump',
] as const satisfies readonly PackageName[];
