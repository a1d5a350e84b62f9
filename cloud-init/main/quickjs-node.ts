// What both programs of a node begin with: the machine, and where its services are.
import * as std from 'std';
import { variables } from '../environment.ts';
import { withFasterClock } from '../hosts/faster.ts';
import type { Host } from '../hosts/host.ts';
import { createQuickjsHost } from '../hosts/quickjs.ts';

export const host: Host = withFasterClock(
  createQuickjsHost(std.getenv(variables.root)),
  std.getenv(variables.timeScale),
);
