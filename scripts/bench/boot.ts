// One boot of one disk in the lab -> when each thing came, what was read until Ready, what was started.
import { coldVolume, type VolumeModel } from '../lab/cold-volume/model.ts';
import type { Lab } from '../lab/lab.ts';
import { ask, type WorkerStatus } from '../lab/protocol.ts';
import { parseReport, reportScript, type NodeReport, type TimelineEntry } from './node-report.ts';
import { awaitLogin, awaitReady, kernelStartMs, powerOnMs } from './ready.ts';
import type { Planned, Variant, VolumeKind } from './variants.ts';

/** Seconds since the kernel started, but for the first; the root disk's figures are up to Ready. */
export interface BootFigures {
  /** From power on until the kernel starts: firmware, GRUB, reading kernel and initrd. */
  loaderSeconds: number;
  userspaceSeconds: number;
  networkSeconds: number;
  containerdSeconds: number;
  kubeletSeconds: number;
  readySeconds: number;
  readMib: number;
  reads: number;
  /** Of blocks that were read at least once. */
  touchedMib: number;
  /** Started before the kubelet. */
  processes: number;
  timeline: TimelineEntry[];
}

export type Boot = Planned & { round: number } & BootFigures;

export interface BootOptions {
  imageFile: string;
  sshUser: Variant['sshUser'];
  volume: VolumeKind;
  /** Of a cold volume: how long the first touch of a block takes. */
  latencyMs: number;
}

/** A warm volume is served by the same program, without waits: latency is the only difference. */
const volumeOf = (volume: VolumeKind, latencyMs: number): VolumeModel => ({
  ...coldVolume,
  latencyMs: volume === 'cold' ? latencyMs : 0,
});

/** Read from the root disk until now. */
export const readStatistics = async (lab: Lab, { name }: Pick<WorkerStatus, 'name'>) => {
  const [{ readBytes, readOperations }, { touchedBytes }] = await Promise.all([
    ask(lab.folder, 'blockStatistics', { name }),
    ask(lab.folder, 'volumeStatistics', { name }),
  ]);
  return {
    readMib: readBytes / 1024 ** 2,
    reads: readOperations,
    touchedMib: touchedBytes / 1024 ** 2,
  };
};

/** The node's own events, and those that only we saw; bytes are the node's to tell. */
const timelineOf = (
  report: NodeReport,
  { loaderSeconds, readySeconds }: { loaderSeconds: number; readySeconds: number },
): TimelineEntry[] => {
  const seen = {
    'power-on': -loaderSeconds,
    kernel: 0,
    userspace: report.userspaceSeconds,
    'network-online': report.networkSeconds,
    'containerd-ready': report.containerdSeconds,
    'kubelet-exec': report.kubeletSeconds,
    'node-ready': readySeconds,
  };
  const told = new Set(report.timeline.map(({ event }) => event));
  const ours = Object.entries(seen)
    .filter(([event, seconds]) => !told.has(event) && Number.isFinite(seconds))
    .map(([event, seconds]) => ({ event, uptimeMs: Math.round(seconds * 1000) }));
  return [...report.timeline, ...ours].toSorted((a, b) => a.uptimeMs - b.uptimeMs);
};

/** Boots `imageFile` as worker-0, reads its figures and runs `whileUp`; the worker is gone after. */
export const measureBoot = async (
  lab: Lab,
  { imageFile, sshUser, volume, latencyMs }: BootOptions,
  whileUp: (worker: WorkerStatus) => Promise<void> = async () => {},
): Promise<BootFigures> => {
  const worker = await lab.addWorker({ index: 0, imageFile, volume: volumeOf(volume, latencyMs) });
  try {
    const ready = await awaitReady(lab, worker);
    const statistics = await readStatistics(lab, worker);
    await awaitLogin(lab, worker, sshUser);
    const powerOn = await powerOnMs(worker);
    const kernelStart = await kernelStartMs(lab, worker, sshUser);
    const { stdout } = await lab.ssh(worker.address, reportScript, 60_000, sshUser);
    const report = parseReport(stdout);
    await whileUp(worker);
    const loaderSeconds = (kernelStart - powerOn) / 1000;
    const readySeconds = (ready - kernelStart) / 1000;
    const { userspaceSeconds, networkSeconds, containerdSeconds, kubeletSeconds } = report;
    return {
      loaderSeconds,
      userspaceSeconds,
      networkSeconds,
      containerdSeconds,
      kubeletSeconds,
      readySeconds,
      ...statistics,
      processes: report.processes,
      timeline: timelineOf(report, { loaderSeconds, readySeconds }),
    };
  } finally {
    await ask(lab.folder, 'stopWorker', { name: worker.name });
    await lab.kubectl(['delete', 'node', worker.nodeName, '--ignore-not-found'], {
      timeoutMs: 60_000,
    });
  }
};
