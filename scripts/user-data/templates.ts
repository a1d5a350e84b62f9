// The templates of the agent, read from the checkout as the bundle has them.
import { readFile } from 'node:fs/promises';
import { templateNames } from '../../cloud-init/files.ts';
import type { Templates } from '../../cloud-init/render.ts';
import { parseTemplate } from '../../cloud-init/template.ts';
import { inProject } from '../project/paths.ts';

export const templateFile = (name: string): string => `cloud-init/templates/${name}.mustache`;

/** By name, of every file that is rendered. */
export const readTemplates = async (): Promise<Templates> =>
  Object.fromEntries(
    await Promise.all(
      templateNames.map(
        async (name) =>
          [
            name,
            parseTemplate(name, await readFile(inProject(templateFile(name)), 'utf8')),
          ] as const,
      ),
    ),
  );
