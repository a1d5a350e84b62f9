// The text of a template -> its pieces. Whoever reads templates does it: for the node the bundler, since
// mustache takes one letter after the other, which is slow in QuickJS.
import mustache from 'mustache';
import type { Template } from './render.ts';

/** Only plain names: no sections, partials or changed tags, so that a template says what it makes. */
export const parseTemplate = (templateName: string, text: string): Template =>
  mustache.parse(text).flatMap(([kind, value]): Template => {
    if (kind === 'text') return [value];
    if (kind === '!') return [];
    if (kind !== 'name')
      throw new Error(`${templateName}: {{${kind}${value}}} is not a plain name`);
    return [{ name: value }];
  });
