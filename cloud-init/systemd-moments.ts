// systemd's own record of a boot -> moments of the timeline. Asked for once, when nothing waits for it.
import type { Host } from './hosts/host.ts';
import type { TimelineRecord } from './timeline-record.ts';
import { timelineEvents, timelineTable } from './timeline.ts';

const timeoutMs = 30_000;
/** A manager that is busy with the first pods may not answer within D-Bus's own 25 s. */
const triesMax = 4;
const pauseMs = 3000;

const rows = timelineEvents.flatMap((event) => {
  const { systemd } = timelineTable[event];
  return systemd === undefined ? [] : [{ event, ...systemd }];
});

const propertiesOf = (isUnit: boolean): string[] =>
  rows.filter(({ unit }) => (unit !== undefined) === isUnit).map(({ property }) => property);

const show = (host: Host, args: readonly string[]): string => {
  for (let tries = 1; ; tries += 1) {
    const { exitCode, stdout } = host.run('systemctl', ['show', ...args], { timeoutMs });
    if (exitCode === 0 || tries === triesMax) return stdout;
    host.sleep(pauseMs * (0.5 + host.random()));
  }
};

/** A block of `name=value` lines for the manager, one for each unit. */
const askSystemd = (host: Host): string[] => {
  const units = rows.flatMap(({ unit }) => (unit === undefined ? [] : [unit]));
  const unitProperties = ['Id', ...new Set(propertiesOf(true))].join(',');
  return [
    show(host, [`--property=${propertiesOf(false).join(',')}`]),
    ...show(host, [`--property=${unitProperties}`, ...units]).split('\n\n'),
  ];
};

const valueOf = (block: string, name: string): string | undefined =>
  block
    .split('\n')
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/** What never happened is 0. What started after the node was Ready was started again: no part of the boot. */
export const recordSystemd = (host: Host, record: TimelineRecord): void => {
  const blocks = askSystemd(host);
  const endMs = record.timeline()['node-ready']?.uptimeMs ?? Infinity;
  for (const { event, unit, property } of rows) {
    const block = blocks.find((text) => valueOf(text, 'Id') === unit) ?? '';
    const uptimeMs = Number(valueOf(block, property) ?? 0) / 1000;
    if (uptimeMs > 0 && uptimeMs <= endMs) record.markAt(event, uptimeMs);
  }
};
