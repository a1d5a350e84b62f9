// Faults around the agent: names, clock, disks.
import { refusal, type FaultRow } from './row.ts';

/** Names are looked up in these files, and by nobody else. */
const namesOf = (line: string): string =>
  [
    `echo '${line}' >hosts`,
    'echo nameserver 127.0.0.1 >resolv.conf',
    'mount --bind resolv.conf /etc/resolv.conf',
    'mount --bind hosts /etc/hosts',
  ].join('\n');

/** A boot's fourth curl is the first to ask for secrets; the name is there from this one on. */
const nameFromCurl = (number: number): string =>
  [
    'real=$(command -v curl)',
    "cat >bin/curl <<'end'",
    '#!/bin/sh',
    'echo >>curls',
    `[ "$(wc -l <curls)" -lt ${number} ] || echo 127.0.0.1 secretsmanager.test >hosts`,
    'exec "$REAL_CURL" "$@"',
    'end',
    'chmod 755 bin/curl',
    'export REAL_CURL="$real"',
  ].join('\n');

export const clockFaults: FaultRow[] = [
  {
    name: 'the name of Secrets Manager resolves late',
    secretsName: 'secretsmanager.test',
    mounts: `${namesOf('127.0.0.1 localhost')}\n${nameFromCurl(6)}`,
    asked: { secrets: 1 },
  },
  {
    name: 'the name of Secrets Manager never resolves',
    secretsName: 'secretsmanager.test',
    mounts: namesOf('127.0.0.1 localhost'),
    fails: 'secrets-unreachable',
    says: 'no answer from <secrets>: Could not resolve host: secretsmanager.test (<tries>)',
    asked: { secrets: 0 },
  },
  {
    name: 'the clock is an hour behind',
    spoil: ({ clock }) => void (clock.aheadMs = 3_600_000),
    fails: 'clock',
    says:
      'the clock of this node is wrong, it says <time>: Secrets Manager answers ' +
      'InvalidSignatureException: Signature expired: <signed> (<tries>); ' +
      'time sync sets it (timedatectl timesync-status)',
    asked: { secrets: [2, 61] },
  },
  {
    name: 'the clock is an hour ahead',
    spoil: ({ clock }) => void (clock.aheadMs = -3_600_000),
    fails: 'clock',
    says:
      'the clock of this node is wrong, it says <time>: Secrets Manager answers ' +
      'InvalidSignatureException: Signature not yet current: <signed> (<tries>); ' +
      'time sync sets it (timedatectl timesync-status)',
    asked: { secrets: [2, 61] },
  },
  {
    name: 'the clock is wrong until time sync comes',
    spoil: (instance) => {
      instance.clock.aheadMs = 3_600_000;
      instance.intercepts.secrets = (_url, tries) => {
        if (tries === 3) instance.clock.aheadMs = 0;
        return undefined;
      };
    },
    asked: { secrets: 3 },
  },
  {
    name: 'a time that another code refuses',
    secrets: (tries) =>
      tries === 1 ? refusal('RequestTimeTooSkewed', 'The difference is too large', 403) : undefined,
    asked: { secrets: 2 },
  },
];

export const diskFaults: FaultRow[] = [
  {
    name: 'the disk is full',
    mounts: 'mount -t tmpfs -o size=16k,mode=755 small var/lib',
    fails: 'write',
    says: '/var/lib/kubelet/.kubeconfig.groundup-new: No space left on device',
    asked: { secrets: 1 },
  },
  {
    name: 'the disk has room and no inode',
    mounts: 'mount -t tmpfs -o nr_inodes=8,mode=755 small var/lib',
    fails: 'write',
    says: '/var/lib/kube-proxy/.kubeconfig.groundup-new: No space left on device',
    asked: { secrets: 1 },
  },
  {
    name: 'the file system is read-only',
    mounts: 'mount --bind var/lib var/lib && mount -o remount,bind,ro var/lib',
    fails: 'write',
    says: '/var/lib/kubelet: Read-only file system',
    warnsLast: ['<4>groundup: /var/lib/groundup/timeline.jsonl: Read-only file system'],
    asked: { secrets: 1 },
  },
  {
    name: 'the second file system is read-only',
    mounts: 'mount --bind etc etc && mount -o remount,bind,ro etc',
    fails: 'write',
    says: '/etc/cni/net.d: Read-only file system',
    asked: { secrets: 1 },
  },
  {
    name: '/run is full: cloud-init is not told, and the node is configured',
    mounts:
      'mount -t tmpfs -o nr_inodes=5 small run && mkdir -p run/groundup run/systemd/netif && echo IPV4_ADDRESS_STATE=routable >run/systemd/netif/state',
    warns: [
      '<4>groundup: openssl cannot check a signature: No space left on device',
      '<4>groundup: /run/groundup/node: No space left on device',
    ],
    warnsLast: ['<4>groundup: /run/groundup/state.json: No space left on device'],
    asked: { secrets: 1 },
  },
];
