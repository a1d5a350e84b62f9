// What was found where -> what has no business there; and the leaks that must be found.
import * as assert from 'uvu/assert';
import { findNeedles, newMarker, type Needle } from './needles.ts';
import type { Leaks } from './node.ts';

/** Which needle, and the file, stream or program it is in. */
export interface Sighting {
  needle: Needle;
  place: string;
}

/** Left on purpose, one in every place that is searched: a search that misses it proves nothing. */
export const leaks: Leaks = {
  argument: newMarker(),
  environment: newMarker(),
  journal: newMarker(),
  console: newMarker(),
  state: newMarker(),
  cloudInit: newMarker(),
  freed: newMarker(),
  core: newMarker(),
  packet: newMarker(),
};

export const leakNeedles = Object.entries(leaks).map(([name, marker]): Needle => ({
  name: `leak ${name}`,
  bytes: Buffer.from(marker as string),
  allowed: [],
  isIssued: false,
}));

export const lookIn = (bytes: Buffer, needles: readonly Needle[], place: string): Sighting[] =>
  findNeedles(bytes, [...needles, ...leakNeedles]).map(({ needle }) => ({ needle, place }));

export const isOwnFile = ({ needle, place }: Sighting): boolean => needle.allowed.includes(place);

/** Sightings of secrets where they have no business, once each. */
export const wrongOf = (sightings: readonly Sighting[], isAllowed = isOwnFile): string[] => {
  const wrong = sightings.filter((one) => !leakNeedles.includes(one.needle) && !isAllowed(one));
  return [...new Set(wrong.map(({ needle, place }) => `${needle.name}: ${place}`))];
};

export const isSeen = (sightings: readonly Sighting[], leak: keyof Leaks, place: RegExp): void => {
  const found = sightings.filter(({ needle }) => needle.name === `leak ${leak}`);
  const places = found.map((one) => one.place);
  assert.ok(
    places.some((one) => place.test(one)),
    `the leak ${leak} was not found in ${place}, but in: ${places.join(', ')}`,
  );
};
