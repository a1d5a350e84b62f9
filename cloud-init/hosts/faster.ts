// A host and a factor -> the same host on a clock that runs so much faster: for tests of long waits.
import type { Host } from './host.ts';

/**
 * Sleeps are so many times shorter, and as much time seems to have passed. A program's own limits
 * stay as they are: curl that gives up after 5 s takes 50 s of a clock ten times as fast.
 */
export const withFasterClock = (host: Host, factorText: string | undefined): Host => {
  const factor = Number(factorText);
  if (!(factor > 1)) return host;
  const startMs = host.uptimeMs();
  const passedMs = () => (host.uptimeMs() - startMs) * factor;
  const startEpochMs = host.epochMs();
  return {
    ...host,
    sleep: (durationMs) => host.sleep(durationMs / factor),
    uptimeMs: () => startMs + passedMs(),
    epochMs: () => startEpochMs + passedMs(),
  };
};
