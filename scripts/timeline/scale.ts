// A range of values -> round steps for an axis, and places on it.

export interface Scale {
  /** Values of the grid lines, from 0 on. */
  ticks: number[];
  at(value: number): number;
}

const roundParts = [1, 2, 5, 10];

/** The smallest round step with which `most` steps reach `largest`. */
const stepFor = (largest: number, most: number): number => {
  const power = 10 ** Math.floor(Math.log10(largest / most));
  const part = roundParts.find((one) => one * power * most >= largest) ?? 10;
  return part * power;
};

/** 0 is at `start`, the last tick, which is not below `largest`, at `end`. */
export const createScale = (
  largest: number,
  [start, end]: readonly [number, number],
  stepsMax: number,
): Scale => {
  const step = stepFor(Math.max(largest, 1e-3), stepsMax);
  const count = Math.max(1, Math.ceil(largest / step - 1e-9));
  const last = count * step;
  return {
    ticks: Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12))),
    at: (value) => start + (value / last) * (end - start),
  };
};
