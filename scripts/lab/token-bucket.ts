// A rate that many share -> whether one more request is served at a moment.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html

/** Requests a second, of all callers of an account in a region together. */
export const secretsManagerRates = { BatchGetSecretValue: 100, GetSecretValue: 10_000 } as const;

export interface TokenBucket {
  /** True: served, and one less is left. A moment before an earlier one counts as that one. */
  take(nowMs: number): boolean;
}

/**
 * Full at first; never holds more than one second's worth, which AWS does not document. Refused
 * requests cost nothing.
 */
export const createTokenBucket = (perSecond: number): TokenBucket => {
  let tokens = perSecond;
  let lastMs = 0;
  return {
    take: (nowMs) => {
      const elapsedMs = Math.max(0, nowMs - lastMs);
      lastMs += elapsedMs;
      tokens = Math.min(perSecond, tokens + (elapsedMs * perSecond) / 1000);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
};
