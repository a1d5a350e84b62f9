// Values and secrets -> the content of every file in the table. Mustache, but strict: a name that
// the template has and the values lack is an error, and nothing is escaped for HTML.
import mustache from 'mustache';
import type { NodeValues } from './derive.ts';
import { BootFailure } from './failure.ts';
import { fileTable, type TemplateName } from './files.ts';
import { Secret } from './secret.ts';

export type Templates = Record<TemplateName, string>;

export interface RenderedFile {
  path: string;
  mode: number;
  content: string | Secret;
  template?: TemplateName;
}

export interface NodeSecrets {
  node: Record<string, Secret>;
  shared: Record<string, Secret>;
  /** Secret names, for failures. */
  ids: { node: string; shared: string };
}

/** Names of the template's holes; sections, partials and comments are not part of the language. */
const holesOf = (template: string): string[] =>
  mustache.parse(template).flatMap(([kind, name]) => {
    if (kind === 'text') return [];
    if (kind === 'name') return [name];
    throw new Error(`template uses ${kind} ${name}: only {{name}} is allowed`);
  });

/** Fills a template; throws when a hole has no value (a bug, since the values are ours). */
export const fillTemplate = (template: string, values: Record<string, string | number>): string => {
  for (const hole of holesOf(template))
    if (values[hole] === undefined) throw new Error(`template needs ${hole}, which has no value`);
  return mustache.render(template, values, undefined, { escape: String });
};

/** Values that no template uses: a sign that one forgot them. */
export const unusedValues = (templates: Templates, values: object): string[] => {
  const used = new Set(Object.values(templates).flatMap(holesOf));
  return Object.keys(values).filter((name) => !used.has(name));
};

/** All files of the table; a key that the secret lacks is a failure which names it. */
export const renderFiles = (
  templates: Templates,
  values: NodeValues,
  secrets: NodeSecrets,
): RenderedFile[] =>
  fileTable.map(({ path, mode, source }) => {
    if ('template' in source) {
      const content = fillTemplate(templates[source.template], { ...values });
      return { path: path(values), mode, content, template: source.template };
    }
    const key = source.key(values);
    const content = secrets[source.secret][key];
    if (content === undefined || content.reveal() === '')
      throw new BootFailure('secrets', `secret ${secrets.ids[source.secret]} has no key ${key}`);
    return { path: path(values), mode, content };
  });
