// Times and calls of all nodes -> the figures of the herd, its targets, and the lines that are printed.
import type { Calls } from './services.ts';

export interface HerdFigures {
  nodes: number;
  configured: number;
  p50Seconds: number;
  p99Seconds: number;
  maxSeconds: number;
  callsMean: number;
  callsMax: number;
  throttled: number;
  /** Of a boot that nobody throttles. */
  aloneSeconds: number;
}

/** The smallest value that at least so many of 100 are not above. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
};

export const figuresOf = (
  timesMs: readonly number[],
  exitCodes: readonly number[],
  calls: readonly Calls[],
  aloneMs: number,
): HerdFigures => {
  const counts = calls.map(({ all }) => all);
  return {
    nodes: exitCodes.length,
    configured: exitCodes.filter((code) => code === 0).length,
    p50Seconds: percentile(timesMs, 50) / 1000,
    p99Seconds: percentile(timesMs, 99) / 1000,
    maxSeconds: percentile(timesMs, 100) / 1000,
    callsMean: counts.reduce((sum, count) => sum + count, 0) / counts.length,
    callsMax: Math.max(...counts),
    throttled: calls.reduce((sum, { throttled }) => sum + throttled, 0),
    aloneSeconds: aloneMs / 1000,
  };
};

/** Text, value, limit: the promises for a thousand nodes. */
export const targetsOf = (figures: HerdFigures) =>
  [
    ['nodes that were not configured', figures.nodes - figures.configured, 0],
    ['p99, seconds', figures.p99Seconds, 12],
    ['calls per node, mean', figures.callsMean, 3],
  ].map(([text, value, limit]) => ({
    text: text as string,
    value: value as number,
    limit: limit as number,
    isMet: (value as number) <= (limit as number),
  }));

export const formatFigures = (figures: HerdFigures): string => {
  const { nodes, configured, p50Seconds, p99Seconds, maxSeconds } = figures;
  const seconds = [p50Seconds, p99Seconds, maxSeconds].map((value) => value.toFixed(1));
  return [
    `configured ${configured} of ${nodes}`,
    `time       p50 ${seconds[0]} s, p99 ${seconds[1]} s, last ${seconds[2]} s; alone ${figures.aloneSeconds.toFixed(1)} s`,
    `calls      mean ${figures.callsMean.toFixed(2)}, max ${figures.callsMax} per node; ${figures.throttled} throttled answers`,
    ...targetsOf(figures).map(
      ({ text, value, limit, isMet }) =>
        `target     ${text}: ${value.toFixed(2)}, at most ${limit}: ${isMet ? 'ok' : 'MISSED'}`,
    ),
  ].join('\n');
};
