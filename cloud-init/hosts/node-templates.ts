// cloud-init/templates -> the texts, by the names that files.ts gives them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { templateNames } from '../files.ts';
import type { Templates } from '../render.ts';

const folder = path.join(import.meta.dirname, '../templates');

export const readTemplates = (): Templates =>
  Object.fromEntries(
    templateNames.map((name) => [
      name,
      readFileSync(path.join(folder, `${name}.mustache`), 'utf8'),
    ]),
  ) as Templates;
