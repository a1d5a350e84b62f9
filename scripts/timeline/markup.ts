// Elements of SVG and HTML as text; what is between them is escaped.

export type Attributes = Readonly<Record<string, string | number>>;

export const escapeMarkup = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** Tenths of a pixel are enough. */
const formatValue = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 10) / 10) : escapeMarkup(value);

const formatAttributes = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${formatValue(value)}"`)
    .join('');

/** `content` is markup already. */
export const element = (name: string, attributes: Attributes, content = ''): string =>
  content === ''
    ? `<${name}${formatAttributes(attributes)}/>`
    : `<${name}${formatAttributes(attributes)}>${content}</${name}>`;

export const textAt = (x: number, y: number, text: string, attributes: Attributes = {}): string =>
  element('text', { x, y, ...attributes }, escapeMarkup(text));
