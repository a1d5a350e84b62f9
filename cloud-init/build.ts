// The table of files + values + secret texts -> every file with its content, proved before writing.
import type { NodeNames, Values } from './derive.ts';
import { filesWith } from './files.ts';
import { render, type Templates } from './render.ts';
import { reveal, Secret } from './secret.ts';
import { verifyRendered } from './verify.ts';

/** A file as it is to be on the node. */
export interface NodeFile {
  path: string;
  mode: number;
  content: string | Secret;
}

const pick = (
  values: Values,
  uses: readonly (keyof Values)[],
): Record<string, string | number | boolean> =>
  Object.fromEntries(uses.map((name) => [name, values[name]]));

export const buildFiles = (
  names: NodeNames,
  values: Values,
  templates: Templates,
  secretFiles: ReadonlyMap<string, Secret>,
): NodeFile[] =>
  filesWith(names).flatMap(({ path: pathOf, mode, source }): NodeFile[] => {
    const path = pathOf(names);
    if (source.from === 'secret') {
      const content = secretFiles.get(path);
      // A node that has its certificate needs no token any more.
      if (content === undefined && source.role === 'bootstrap') return [];
      if (content === undefined) throw new Error(`no secret was taken for ${path}`);
      return [{ path, mode, content }];
    }
    const { template, uses } = source;
    const pieces = templates[template];
    if (pieces === undefined) throw new Error(`there is no template ${template}`);
    const content = render(template, pieces, pick(values, uses));
    verifyRendered(template, content, values);
    return [{ path, mode, content }];
  });

/** The same bytes, whether secret or not. */
export const isSameContent = (file: NodeFile, found: string | undefined): boolean =>
  found !== undefined && reveal(file.content) === found;
