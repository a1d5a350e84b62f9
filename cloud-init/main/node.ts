// The agent run by Node, for tests: `node main/node.ts configure|warm|ready`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runAgent } from '../commands.ts';
import { environmentOf, variables } from '../environment.ts';
import { templateNames } from '../files.ts';
import { createNodeHost } from '../hosts/node.ts';
import { ready } from '../ready.ts';
import { parseTemplate } from '../template.ts';

const readTemplate = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, '../templates', `${name}.mustache`), 'utf8');

const templates = Object.fromEntries(
  templateNames.map((name) => [name, parseTemplate(name, readTemplate(name))]),
);
const variable = (name: string): string | undefined => process.env[name];

const host = createNodeHost(variable(variables.root));
const environment = environmentOf(variable, templates);
const args = process.argv.slice(2);
process.exitCode =
  args[0] === 'ready' ? ready(host, environment) : runAgent(host, args, environment);
