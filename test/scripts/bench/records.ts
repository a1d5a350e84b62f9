// Records of two images as the tests of the verdict compare them.
import type { Budgets } from '../../../scripts/bench/budgets.ts';
import type { TimelineEntry } from '../../../scripts/bench/node-report.ts';
import type { ImageRecord } from '../../../scripts/bench/record.ts';

const mib = 1024 ** 2;
export const entry = (event: string, seconds: number, readMib: number): TimelineEntry => ({
  event,
  uptimeMs: seconds * 1000,
  readBytes: readMib * mib,
});

export const timeline: TimelineEntry[] = [
  { event: 'power-on', uptimeMs: -4000 },
  entry('kernel', 0, 0),
  entry('userspace', 2, 10),
  entry('containerd-ready', 9, 60),
  entry('network-online', 10, 64),
  entry('user-data-read', 11, 65),
  entry('kubelet-exec', 13, 70),
  entry('node-ready', 23, 110),
  entry('kube-proxy-synced', 29, 150),
];

/** The same boot, with `seconds` and `readMib` more from `event` on. */
export const later = (event: string, seconds: number, readMib: number): TimelineEntry[] => {
  const from = timeline.findIndex((one) => one.event === event);
  return timeline.map((one, index) =>
    index < from
      ? one
      : {
          ...one,
          uptimeMs: one.uptimeMs + seconds * 1000,
          readBytes: (one.readBytes ?? 0) + readMib * mib,
        },
  );
};

export const budgets: Budgets = {
  'touched-mib': 120,
  'read-mib': 210,
  processes: 100,
  packages: 160,
  'used-mib': 720,
  'floor-ratio': 0.5,
  'cold-ratio': 1.2,
};

export const recorded: ImageRecord = {
  image: 'worker-1.37.1-amd64-3f2a91c.qcow2',
  latencyMs: 60,
  figures: {
    'touched-mib': 110,
    'read-mib': 200,
    processes: 90,
    packages: 150,
    'used-mib': 700,
    'floor-ratio': 0.46,
    'cold-ratio': 1.1,
  },
  floorSeconds: 50,
  timelines: { warm: timeline, cold: timeline },
};

export const candidate: ImageRecord = { ...recorded, image: 'worker-1.37.2-amd64-aaaaaaa.qcow2' };

export const grown: ImageRecord = {
  ...candidate,
  figures: { ...candidate.figures, 'touched-mib': 131.2, processes: 101 },
  timelines: { warm: timeline, cold: later('network-online', 2, 21.2) },
};
