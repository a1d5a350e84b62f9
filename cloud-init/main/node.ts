// Entry for tests and laptops: the same agent on Node.
import { createNodeHost } from '../hosts/node.ts';
import { readTemplates } from '../hosts/node-templates.ts';
import { addressesFrom, runAgent } from './run.ts';

const host = createNodeHost(process.env['GROUNDUP_ROOT'] ?? '');
process.exitCode = runAgent(process.argv[2] ?? '', host, {
  templates: readTemplates(),
  ...addressesFrom((name) => process.env[name]),
});
