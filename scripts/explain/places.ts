// Places of a node that no row of the agent's file table and no file of images/rootfs tells of.
import { bootstrapFolder, kubeletPkiFolder } from '../../cloud-init/derive.ts';
import { instancePath } from '../../cloud-init/instance.ts';
import { lifecycleHookPath } from '../../cloud-init/lifecycle-hook.ts';
import { settingsPath } from '../../cloud-init/settings.ts';
import { statePath } from '../../cloud-init/state.ts';
import { timelinePath } from '../../cloud-init/timeline-record.ts';
import { nodeBinaries } from '../image/binary-table.ts';

export interface PlaceRow {
  path: string;
  /** How it comes there. */
  kind: string;
  from: string;
}

const everyBoot = 'written at every boot';

export const placeTable: readonly PlaceRow[] = [
  { path: settingsPath, kind: 'baked into the image', from: 'images/worker.yaml' },
  {
    path: '/etc/groundup/ca.pem',
    kind: 'in no image of ours; yours may bake it',
    from: 'authorities that Secrets Manager is checked against in place of the system’s',
  },
  {
    path: '/usr/lib/groundup/agent.mjs',
    kind: 'baked into the image',
    from: 'cloud-init/, bundled into one file',
  },
  {
    path: '/usr/lib/groundup/ready.mjs',
    kind: 'baked into the image',
    from: 'cloud-init/ready.ts and what it needs, bundled into one file',
  },
  { path: instancePath, kind: everyBoot, from: 'the instance whose files these are' },
  { path: timelinePath, kind: everyBoot, from: 'the moments of the last boot' },
  { path: statePath, kind: everyBoot, from: 'how this boot ended, for programs' },
  {
    path: lifecycleHookPath,
    kind: everyBoot,
    from: 'lifecycle-hook: user-data; who is told when the node is Ready',
  },
  {
    path: bootstrapFolder,
    kind: 'mode 0700, in memory, with identity tls-bootstrap',
    from: 'the bootstrap token lies in it until the node is Ready',
  },
  {
    path: kubeletPkiFolder,
    kind: 'made by the kubelet, with identity tls-bootstrap',
    from: 'the certificates that it asked for, and their keys',
  },
  ...nodeBinaries.map(({ installPath, component }) => ({
    path: installPath,
    kind: 'baked into the image',
    from: `${component} of the version in images/pins.yaml; docs/binaries.md`,
  })),
];
