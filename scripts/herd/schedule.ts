// Many nodes with a clock each -> all of them at their ends, in the order of their clocks.
// Who is behind goes first, a few at a time, so that any number of nodes fits on any machine, and a
// shared limit is asked in the order of simulated time, but for those few.
import type { HerdNode, Pause } from './node.ts';

export type End = Extract<Pause, { exitCode: number }>;

/** Resolves with the ends, in the order of `nodes`. Every wait of the nodes' is bounded by their own. */
export const runInOrder = async (
  nodes: readonly HerdNode[],
  atOnce: number,
  onEnd: (ended: number) => void,
): Promise<End[]> => {
  const ends = new Map<HerdNode, End>();
  const asleep = new Set(nodes);
  const next = (): HerdNode | undefined => {
    let first: HerdNode | undefined;
    for (const node of asleep) if (first === undefined || node.nowMs < first.nowMs) first = node;
    if (first !== undefined) asleep.delete(first);
    return first;
  };
  let running = 0;
  await new Promise<void>((resolve, reject) => {
    const fill = (): void => {
      while (running < atOnce) {
        const node = next();
        if (node === undefined) break;
        running += 1;
        node
          .proceed()
          .then((pause) => {
            running -= 1;
            if ('exitCode' in pause) {
              ends.set(node, pause);
              onEnd(ends.size);
            } else asleep.add(node);
            fill();
          })
          .catch(reject);
      }
      if (running === 0 && asleep.size === 0) resolve();
    };
    fill();
  });
  return nodes.map((node) => ends.get(node) as End);
};
