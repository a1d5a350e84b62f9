// Templates + values -> texts. Strict: a name without a value and a value without use both fail.

/** Text that stays as it is, and the names of values, in their order. */
export type Template = readonly (string | { readonly name: string })[];

/** By name. */
export type Templates = Readonly<Record<string, Template>>;

/** Fills a template. Nothing is escaped: what may stand in a value was checked where it came from. */
export const render = (
  templateName: string,
  template: Template,
  values: Readonly<Record<string, string | number | boolean>>,
): string => {
  const unused = new Set(Object.keys(values));
  const pieces = template.map((piece) => {
    if (typeof piece === 'string') return piece;
    const { name } = piece;
    if (!Object.hasOwn(values, name)) throw new Error(`${templateName}: no value for {{${name}}}`);
    unused.delete(name);
    return String(values[name]);
  });
  for (const name of unused) throw new Error(`${templateName}: the value ${name} is not used`);
  return pieces.join('');
};
