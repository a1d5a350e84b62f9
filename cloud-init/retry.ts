// An attempt that may have to be repeated -> its result, within a deadline and a number of tries.
import type { Host } from './hosts/host.ts';

export interface RetryLimits {
  /** No new try begins after this long. */
  deadlineMs: number;
  triesMax: number;
  /** Wait after the first try; doubles with each one up to `delayMaxMs`, half of it random. */
  delayMs: number;
  delayMaxMs: number;
}

/** `again` says why the try did not count. */
export type Attempt<T> = { done: T } | { again: string };

export type Outcome<T> = { done: T } | { gaveUp: string; tries: number; elapsedMs: number };

/** Wait before the next try; random, so that a hundred nodes do not come back at once. */
export const delayAfter = (tries: number, limits: RetryLimits, random: number): number =>
  Math.min(limits.delayMaxMs, limits.delayMs * 2 ** (tries - 1)) * (0.5 + random / 2);

export const retry = <T>(
  host: Host,
  limits: RetryLimits,
  attempt: () => Attempt<T>,
): Outcome<T> => {
  const startMs = host.uptimeMs();
  for (let tries = 1; ; tries += 1) {
    const result = attempt();
    if ('done' in result) return result;
    const delayMs = delayAfter(tries, limits, host.random());
    const elapsedMs = host.uptimeMs() - startMs;
    if (tries >= limits.triesMax || elapsedMs + delayMs > limits.deadlineMs)
      return { gaveUp: result.again, tries, elapsedMs };
    host.sleep(delayMs);
  }
};

/** `(3 tries in 12 s)` */
export const formatTries = ({ tries, elapsedMs }: { tries: number; elapsedMs: number }): string =>
  tries === 1 ? '1 try' : `${tries} tries in ${Math.round(elapsedMs / 1000)} s`;
