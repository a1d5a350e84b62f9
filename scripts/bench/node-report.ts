// A booted node -> when its programs came up, how many processes that took, and its own timeline.
import { timelinePath } from '../../cloud-init/timeline-record.ts';
import { parseTimelineLine, type Moment as TimelineMoment } from '../../cloud-init/timeline.ts';

/** One event of a boot, on the kernel's clock; power on is before that. */
export interface TimelineEntry extends TimelineMoment {
  event: string;
}

/** Moments that systemd keeps, in microseconds since the kernel started. */
const moments = {
  userspace: '--property=UserspaceTimestampMonotonic',
  'wait-online': '--property=ActiveEnterTimestampMonotonic systemd-networkd-wait-online.service',
  'network-online': '--property=ActiveEnterTimestampMonotonic network-online.target',
  containerd: '--property=ActiveEnterTimestampMonotonic containerd.service',
  kubelet: '--property=ExecMainStartTimestampMonotonic kubelet.service',
} as const;

type Moment = keyof typeof moments;

/**
 * Processes that were started before the kubelet: the numbers below its own, which the kernel gives in
 * order, less those of kernel threads and of threads that live on. A process of an initrd counts, one
 * that has long ended counts; nothing is started to count them.
 */
export const processesScript = `kubelet=$(systemctl show --property=ExecMainPID --value kubelet.service)
others=0
for task in /proc/[0-9]*/task/[0-9]*; do
  id=\${task##*/} process=\${task#/proc/} process=\${process%%/*}
  [ "$id" -lt "$kubelet" ] || continue
  [ "$id" = "$process" ] && [ -e "/proc/$process/exe" ] && continue
  others=$((others + 1))
done
echo "processes $((kubelet - 1 - others))"`;

/** The shell script that prints the report; runs as root. */
export const reportScript = [
  ...Object.entries(moments).map(
    ([name, properties]) => `echo "${name} $(systemctl show --value ${properties})"`,
  ),
  processesScript,
  `cat ${timelinePath} 2>/dev/null`,
  'true',
].join('\n');

export interface NodeReport {
  /** Since the kernel started; 0 means that it never happened. */
  userspaceSeconds: number;
  networkSeconds: number;
  containerdSeconds: number;
  kubeletSeconds: number;
  processes: number;
  timeline: TimelineEntry[];
}

const parseEntry = (line: string): TimelineEntry[] => {
  const parsed = parseTimelineLine(line);
  return parsed === undefined ? [] : [{ event: parsed.event, ...parsed.moment }];
};

/** The output of `processesScript`, or of a script with it; NaN when it is not there. */
export const parseProcesses = (output: string): number =>
  Number(/^processes (\d+)$/m.exec(output)?.[1] ?? Number.NaN);

export const parseReport = (output: string): NodeReport => {
  const lines = output.split('\n');
  const timeline = lines.filter((line) => line.startsWith('{')).flatMap(parseEntry);
  const secondsOf = (name: Moment): number => {
    const text = lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
    return text === undefined || text === '' ? Number.NaN : Number(text) / 1e6;
  };
  // Ours starts no wait-online: its agent keeps the moment.
  const agentMs = timeline.find(({ event }) => event === 'network-online')?.uptimeMs ?? 0;
  const network = [agentMs / 1000, secondsOf('wait-online'), secondsOf('network-online')];
  return {
    userspaceSeconds: secondsOf('userspace'),
    networkSeconds: network.find((seconds) => seconds > 0) ?? 0,
    containerdSeconds: secondsOf('containerd'),
    kubeletSeconds: secondsOf('kubelet'),
    processes: parseProcesses(output),
    timeline,
  };
};
