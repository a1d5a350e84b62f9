// Boots -> one row for each event, with seconds, the time since the event before it, and MiB read.
import { inOrder, timelineEvents, type TimelineEvent } from '../../cloud-init/timeline.ts';
import type { BootTimeline } from './read.ts';

export interface Cell {
  seconds: number;
  /** When the boot's event before this one was; absent for its first. */
  previousSeconds?: number;
  readMib?: number;
}

export interface Row {
  event: TimelineEvent;
  /** One for each boot; undefined where the event did not happen. */
  cells: (Cell | undefined)[];
}

const mib = 1024 ** 2;

const cellsOf = ({ timeline }: BootTimeline): Map<TimelineEvent, Cell> => {
  let previousSeconds: number | undefined;
  return new Map(
    inOrder(timeline).map(([event, { uptimeMs, readBytes }]) => {
      const seconds = uptimeMs / 1000;
      const cell = {
        seconds,
        ...(previousSeconds === undefined ? {} : { previousSeconds }),
        ...(readBytes === undefined ? {} : { readMib: readBytes / mib }),
      };
      previousSeconds = seconds;
      return [event, cell];
    }),
  );
};

/** The first boot's order; what only others have stands behind what came before it there. */
const orderOf = (boots: readonly Map<TimelineEvent, Cell>[]): TimelineEvent[] => {
  const order: TimelineEvent[] = [];
  for (const boot of boots) {
    let place = 0;
    for (const event of boot.keys()) {
      const index = order.indexOf(event);
      if (index === -1) order.splice(place, 0, event);
      place = index === -1 ? place + 1 : index + 1;
    }
  }
  return order;
};

export const rowsOf = (boots: readonly BootTimeline[]): Row[] => {
  const cells = boots.map(cellsOf);
  return orderOf(cells).map((event) => ({ event, cells: cells.map((boot) => boot.get(event)) }));
};

export const eventWidth = Math.max(...timelineEvents.map((event) => event.length));
