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

/** `again` says why the try did not count; `isThrottled`: many others have tried at the same time. */
export type Attempt<T> = { done: T } | { again: string; isThrottled?: boolean };

export type Outcome<T> = { done: T } | { gaveUp: string; tries: number; elapsedMs: number };

/** Wait before the next try; random, so that a hundred nodes do not come back at once. */
export const delayAfter = (tries: number, limits: RetryLimits, random: number): number =>
  Math.min(limits.delayMaxMs, limits.delayMs * 2 ** (tries - 1)) * (0.5 + random / 2);

/**
 * Longest wait after the first, second, ... throttled try. A group that scales out asks all at once,
 * and its nodes do not know how many they are: a short spread serves a hundred, the next one a
 * thousand, the third one who had bad luck in it, the last one still larger groups. What doubles from
 * half a second on asks 4 times a node and is slower: docs/herd.md.
 */
const spreadsMs = [2000, 8500, 2500, 15_000];
const spreadMsMin = 250;

/** Wait before the next try after a throttled one: any moment of the spread is as likely. */
export const delayAfterThrottle = (tries: number, random: number): number =>
  spreadMsMin + random * (spreadsMs[Math.min(tries, spreadsMs.length) - 1] as number);

export const retry = <T>(
  host: Host,
  limits: RetryLimits,
  attempt: () => Attempt<T>,
): Outcome<T> => {
  const startMs = host.uptimeMs();
  for (let tries = 1; ; tries += 1) {
    const result = attempt();
    if ('done' in result) return result;
    const random = host.random();
    const delayMs =
      result.isThrottled === true
        ? delayAfterThrottle(tries, random)
        : delayAfter(tries, limits, random);
    const elapsedMs = host.uptimeMs() - startMs;
    if (tries >= limits.triesMax || elapsedMs + delayMs > limits.deadlineMs)
      return { gaveUp: result.again, tries, elapsedMs };
    host.sleep(delayMs);
  }
};

/** `(3 tries in 12 s)` */
export const formatTries = ({ tries, elapsedMs }: { tries: number; elapsedMs: number }): string =>
  tries === 1 ? '1 try' : `${tries} tries in ${Math.round(elapsedMs / 1000)} s`;
