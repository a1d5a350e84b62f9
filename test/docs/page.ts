// A page of docs/: its named tables, written again by UPDATE=1, and its fenced examples.
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import * as assert from 'uvu/assert';
import { inProject } from '../../scripts/project/paths.ts';

const isUpdate = process.env['UPDATE'] === '1';

/** Cells of a Markdown table; what Markdown would read as its own is escaped. */
export const markdownTable = (header: readonly string[], rows: readonly string[][]): string => {
  const cell = (text: string) => text.replaceAll('|', String.raw`\|`);
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
};

/** The table between `<!-- table NAME -->` and `<!-- /table -->` is `table`, in prettier's layout. */
export const assertTable = async (page: string, name: string, table: string): Promise<void> => {
  const file = inProject(page);
  const text = await readFile(file, 'utf8');
  const place = new RegExp(`(?<=<!-- table ${name} -->\\n).*?(?=<!-- /table -->)`, 's');
  assert.match(text, place, `${page} has no place for the table ${name}`);
  const expected = text.replace(place, () => `\n${table}\n\n`);
  const formatted = await format(expected, { parser: 'markdown', printWidth: 100 });
  if (isUpdate) await writeFile(file, formatted);
  assert.is(await readFile(file, 'utf8'), formatted, `UPDATE=1 writes ${page} again`);
};

export interface Fence {
  /** What stands behind the opening fence, e.g. `console no-metadata`. */
  info: string;
  text: string;
}

export const readFences = async (page: string): Promise<Fence[]> => {
  const text = await readFile(inProject(page), 'utf8');
  return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, info = '', body = '']) => ({
    info,
    text: body,
  }));
};

/** A text of a page with what its holes, as in `role <name>`, stand for; one after the other. */
export const fillHoles = (text: string, values: readonly string[] = []): string => {
  const left = [...values];
  return text.replaceAll(/<[^>]+>/g, (hole) => left.shift() ?? hole);
};
