// Pieces of a stream -> whole lines, for a reader that may want no more.

/** Feeds a reader with each finished line; `push` returns true once the reader has had enough. */
export const createLineFeed = (onLine: ((line: string) => boolean) | undefined) => {
  let rest = '';
  return {
    push: (piece: string): boolean => {
      if (onLine === undefined) return false;
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      return lines.some((line) => onLine(line));
    },
  };
};
