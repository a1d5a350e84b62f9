// A misspelt word and the known ones -> the known one that was probably meant.

/** How many letters must be inserted, deleted, replaced, or swapped with the next to turn `a` into `b`. */
export const editDistance = (a: string, b: string): number => {
  const [letters, others] = [Array.from(a), Array.from(b)];
  const rows = [Array.from({ length: others.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (const [row, letter] of letters.entries()) {
    const current = [row + 1];
    rows.push(current);
    for (const [column, other] of others.entries()) {
      const isSwapped = letter === others[column - 1] && letters[row - 1] === other;
      current.push(
        Math.min(
          at(row, column) + (letter === other ? 0 : 1),
          at(row, column + 1) + 1,
          at(row + 1, column) + 1,
          isSwapped ? at(row - 1, column - 1) + 1 : Infinity,
        ),
      );
    }
  }
  return at(letters.length, others.length);
};

/** The nearest of `known`, or nothing when none is near enough to be a slip of the fingers. */
export const nearestWord = (word: string, known: readonly string[]): string | undefined => {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const distanceMax = Math.max(1, Math.floor(word.length / 3));
  return best !== undefined && best.distance <= distanceMax ? best.candidate : undefined;
};
