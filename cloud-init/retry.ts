// Something that may fail for a while -> its value, or the last failure when the deadline passes.
import type { Host } from './host.ts';

export interface RetryLimits {
  deadlineMs: number;
  triesMax: number;
  firstDelayMs: number;
  delayMaxMs: number;
}

export type Try<T> = { value: T } | { retry: string } | { fatal: string };

export type RetryResult<T> = { value: T; tries: number } | { failed: string; tries: number };

/** Delays double up to a maximum; each is drawn from its upper half, so that a herd spreads out. */
export const withRetries = <T>(
  host: Host,
  limits: RetryLimits,
  attempt: () => Try<T>,
): RetryResult<T> => {
  const endMs = host.uptimeMs() + limits.deadlineMs;
  let delayMs = limits.firstDelayMs;
  for (let tries = 1; ; tries += 1) {
    const result = attempt();
    if ('value' in result) return { value: result.value, tries };
    if ('fatal' in result) return { failed: result.fatal, tries };
    const waitMs = Math.round(delayMs * (0.5 + host.random() / 2));
    if (tries >= limits.triesMax || host.uptimeMs() + waitMs >= endMs)
      return { failed: result.retry, tries };
    host.sleepMs(waitMs);
    delayMs = Math.min(delayMs * 2, limits.delayMaxMs);
  }
};
