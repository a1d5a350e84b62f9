// The promises of the boot benchmark, one row each -> which of them a run keeps.
import { addedSeconds, median, medianOf, paired, type BootRun } from './figures.ts';
import type { Planned, VariantId, VolumeKind } from './variants.ts';

export type Unit = '' | ' MiB' | ' ms' | ' s';

export interface Target {
  text: string;
  value: number;
  limit: number;
  unit: Unit;
  isMet: boolean;
}

interface Row {
  text: string;
  unit: Unit;
  /** At most; undefined: not promised for this latency. */
  limit: number | ((latencyMs: number) => number | undefined);
  /** What must have been booted. */
  needs: readonly Planned[];
  value: (run: BootRun) => number;
}

const booted = (variant: VariantId, volume: VolumeKind): Planned => ({ variant, volume });
const [warmA, warmB, warmC, warmD, warmE] = (['a', 'b', 'c', 'd', 'e'] as const).map((id) =>
  booted(id, 'warm'),
) as [Planned, Planned, Planned, Planned, Planned];
const [coldC, coldE] = [booted('c', 'cold'), booted('e', 'cold')];

const readyRatio =
  (other: Planned) =>
  ({ boots }: BootRun): number =>
    median(paired(boots, warmC, other, (ours, them) => ours.readySeconds / them.readySeconds));

const touched =
  (planned: Planned) =>
  ({ boots }: BootRun): number =>
    medianOf(boots, planned, ({ touchedMib }) => touchedMib) ?? Number.NaN;

/** Seconds that a cold volume may add, by how long a block's first touch takes. */
const addedLimits = new Map([
  [60, 3],
  [20, 1.5],
]);

const rows: readonly Row[] = [
  {
    text: '(c) / (b) warm',
    unit: '',
    limit: 1.05,
    needs: [warmC, warmB],
    value: readyRatio(warmB),
  },
  { text: '(c) / (a) warm', unit: '', limit: 0.5, needs: [warmC, warmA], value: readyRatio(warmA) },
  {
    text: '(c) / (d) warm',
    unit: '',
    limit: 0.33,
    needs: [warmC, warmD],
    value: readyRatio(warmD),
  },
  {
    text: '(c) - (b) read, warm',
    unit: ' MiB',
    limit: 5e6 / 1024 ** 2,
    needs: [warmC, warmB],
    value: ({ boots }) =>
      median(paired(boots, warmC, warmB, (ours, floor) => ours.readMib - floor.readMib)),
  },
  {
    text: '(c) processes / (a)',
    unit: '',
    limit: 0.5,
    needs: [warmC, warmA],
    value: ({ boots }) =>
      median(paired(boots, warmC, warmA, (ours, floor) => ours.processes / floor.processes)),
  },
  { text: '(c) touched, warm', unit: ' MiB', limit: 120, needs: [warmC], value: touched(warmC) },
  { text: '(c) touched, cold', unit: ' MiB', limit: 120, needs: [coldC], value: touched(coldC) },
  {
    text: '(c) cold - warm',
    unit: ' s',
    limit: (latencyMs) => addedLimits.get(latencyMs),
    needs: [coldC, warmC],
    value: ({ boots }) => median(addedSeconds(boots, 'c')),
  },
  {
    text: '(c) added / (e) added',
    unit: '',
    limit: 1 / 3,
    needs: [coldC, warmC, coldE, warmE],
    value: ({ boots }) => {
      const theirs = median(addedSeconds(boots, 'e'));
      return theirs > 0 ? median(addedSeconds(boots, 'c')) / theirs : Number.NaN;
    },
  },
];

const agentLimitMs = 50;

/** Those whose boots were made; a value that is no number misses. */
export const targetsOf = (run: BootRun): Target[] => {
  const target = (text: string, value: number, limit: number, unit: Unit): Target => ({
    text,
    value,
    limit,
    unit,
    isMet: value <= limit,
  });
  const isBooted = ({ variant, volume }: Planned): boolean =>
    run.boots.some((boot) => boot.variant === variant && boot.volume === volume);
  const judged = rows.flatMap(({ text, unit, limit, needs, value }) => {
    const atMost = typeof limit === 'number' ? limit : limit(run.latencyMs);
    if (atMost === undefined || !needs.every(isBooted)) return [];
    return [target(text, value(run), atMost, unit)];
  });
  const { agent } = run;
  if (agent !== undefined)
    judged.push(target('agent without waits', agent.cpuMs, agentLimitMs, ' ms'));
  return judged;
};

/** `(c) / (a) warm         0.47, at most 0.50: ok` */
export const formatTarget = ({ text, value, limit, unit, isMet }: Target): string => {
  const digits = unit === '' ? 2 : 1;
  const verdict = isMet ? 'ok' : 'MISSED';
  return `${text.padEnd(22)} ${value.toFixed(digits)}${unit}, at most ${limit.toFixed(digits)}${unit}: ${verdict}`;
};
