// `>=1.35 <1.36` and a version -> whether it lies inside.

/** Compares versions of two or three numbers; missing parts count as 0. Negative: `a` is older. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let part = 0; part < 3; part += 1) {
    const difference = (left?.[part] ?? 0) - (right?.[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

export const rangePattern = /^(?:>=|<)\d+\.\d+(?:\.\d+)?(?: (?:>=|<)\d+\.\d+(?:\.\d+)?)?$/;

/** True when `version` meets every bound of `range`: `>=x`, `<y`, or both with a blank between. */
export const isInRange = (version: string, range: string): boolean =>
  range.split(' ').every((bound) => {
    const isLower = bound.startsWith('>=');
    const difference = compareVersions(version, bound.slice(isLower ? 2 : 1));
    return isLower ? difference >= 0 : difference < 0;
  });
