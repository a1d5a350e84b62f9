// Entry on the node; bundled into /usr/lib/groundup/agent.mjs and run by `qjs --std -m`.
import * as std from 'quickjs:std';
import { templates } from 'groundup:templates';
import { createQuickjsHost } from '../hosts/quickjs.ts';
import { addressesFrom, runAgent } from './run.ts';

declare const scriptArgs: string[];

const root = std.getenv('GROUNDUP_ROOT') ?? '';
const host = createQuickjsHost(root);
std.exit(
  runAgent(scriptArgs[1] ?? '', host, {
    templates,
    ...addressesFrom((name) => std.getenv(name)),
  }),
);
