// Templates + values -> texts. Strict: a name without a value and a value without use both fail.
import mustache from 'mustache';

/** Template name -> its text. */
export type Templates = Readonly<Record<string, string>>;

/** Only plain names: no sections, partials or changed tags, so that a template says what it makes. */
const namesOf = (templateName: string, text: string): Set<string> => {
  const names = new Set<string>();
  for (const [kind, name] of mustache.parse(text)) {
    if (kind === 'text' || kind === '!') continue;
    if (kind !== 'name') throw new Error(`${templateName}: {{${kind}${name}}} is not a plain name`);
    names.add(name);
  }
  return names;
};

/** Fills a template. Nothing is escaped: what may stand in a value was checked where it came from. */
export const render = (
  templateName: string,
  text: string,
  values: Readonly<Record<string, string | number | boolean>>,
): string => {
  const names = namesOf(templateName, text);
  for (const name of names)
    if (!Object.hasOwn(values, name)) throw new Error(`${templateName}: no value for {{${name}}}`);
  for (const name of Object.keys(values))
    if (!names.has(name)) throw new Error(`${templateName}: the value ${name} is not used`);
  return mustache.render(text, values, undefined, { escape: String });
};
