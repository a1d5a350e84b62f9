// A YAML text -> its value, and for any path inside it the line, column and length of what is there.
// Findings about images/*.yaml point at their place through this.
import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import type { Finding } from '../../cloud-init/report.ts';

/** Where something stands in a text; lines and columns count from 1. */
export interface Place {
  line: number;
  column: number;
  length: number;
}

export interface YamlText {
  text: string;
  value: unknown;
  /** Faults that keep the text from being read at all. */
  findings: Finding[];
  /** The place of a value; of the nearest thing around it when it is absent. */
  placeOfValue(path: readonly PropertyKey[]): Place;
  /** The place of a mapping's key. */
  placeOfKey(path: readonly PropertyKey[]): Place;
}

type YamlDocument = ReturnType<typeof parseDocument>;

const keyNode = (document: YamlDocument, path: readonly PropertyKey[]): Node | undefined => {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isPair(item) && String(item.key) === path.at(-1));
  return pair?.key as Node | undefined;
};

const valueNode = (document: YamlDocument, path: readonly PropertyKey[]): Node | undefined => {
  if (path.length === 0) return undefined;
  const node = document.getIn(path, true);
  return isScalar(node) || isMap(node) || isSeq(node) ? node : undefined;
};

const syntaxFindings = (document: YamlDocument): Finding[] =>
  [...document.errors, ...document.warnings].map(({ linePos, message, code }) => ({
    id: code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'yaml-syntax',
    severity: 'error',
    line: linePos?.[0].line ?? 1,
    column: linePos?.[0].col ?? 1,
    length: 1,
    message:
      code === 'DUPLICATE_KEY' ? 'this key stands here a second time' : message.toLowerCase(),
    hint: code === 'DUPLICATE_KEY' ? 'keep one of the two' : '',
  }));

/** Reads `text` (YAML 1.2, one document); never throws for what is in it. */
export const readYaml = (text: string): YamlText => {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  for (const error of [...document.errors, ...document.warnings]) {
    const { line, col } = counter.linePos(error.pos[0]);
    error.linePos = [{ line, col }];
  }
  const placeOf = (node: Node | undefined): Place | undefined => {
    if (!node?.range) return undefined;
    const [start, end] = node.range;
    const { line, col } = counter.linePos(start);
    const lineEnd = text.indexOf('\n', start);
    const stop = Math.min(end, lineEnd === -1 ? text.length : lineEnd);
    return { line, column: col, length: Math.max(1, stop - start) };
  };
  const start: Place = { line: 1, column: 1, length: 1 };
  const findings = syntaxFindings(document);
  const placeOfKey = (path: readonly PropertyKey[]): Place => {
    for (let length = path.length; length > 0; length -= 1) {
      const place = placeOf(keyNode(document, path.slice(0, length)));
      if (place) return place;
    }
    return start;
  };
  return {
    text,
    value: findings.length > 0 ? undefined : document.toJS(),
    findings,
    placeOfKey,
    placeOfValue: (path) => {
      const node = valueNode(document, path);
      // An empty value has no width of its own: its key is what the reader looks for.
      return (
        (isScalar(node) && node.value === null ? undefined : placeOf(node)) ?? placeOfKey(path)
      );
    },
  };
};
