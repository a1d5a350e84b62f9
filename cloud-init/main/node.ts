// The agent run by Node, for tests: `node main/node.ts configure|ready`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { environmentOf, runAgent, variables } from '../commands.ts';
import { templateNames } from '../files.ts';
import { createNodeHost } from '../hosts/node.ts';

const readTemplate = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, '../templates', `${name}.mustache`), 'utf8');

const templates = Object.fromEntries(templateNames.map((name) => [name, readTemplate(name)]));
const variable = (name: string): string | undefined => process.env[name];

const host = createNodeHost(variable(variables.root));
const environment = environmentOf(variable, templates);
process.exitCode = runAgent(host, process.argv.slice(2), environment);
