// Everything that can go wrong around a boot, as one table: what is wrong, what the agent says, what it
// asked for, and what is left on the disk. ../faults.test.ts runs each row in the bundle, in QuickJS.
import { clockFaults, diskFaults } from './machine.ts';
import { credentialFaults, imdsFaults } from './metadata.ts';
import type { FaultRow } from './row.ts';
import { secretsFaults } from './secrets.ts';

/** Every row runs in the bundle, in QuickJS with Debian 13's curl, on loopback. */
export const faultTable: readonly FaultRow[] = [
  ...imdsFaults,
  ...credentialFaults,
  ...secretsFaults,
  ...clockFaults,
  ...diskFaults,
];
