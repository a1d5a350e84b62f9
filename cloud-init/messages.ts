// The catalogue of findings about user-data: a stable id -> message and hint with {names} to fill.
import type { Finding } from './report.ts';
import type { Span } from './user-data.ts';

interface Row {
  message: string;
  hint: string;
}

/** docs/user-data.md explains each by its id. Lower case, no full stop. */
export const messages = {
  'too-long': {
    message: 'user-data is {length} characters long, the most is {lengthMax}',
    hint: 'a node needs its name and its pod-cidr only',
  },
  'not-a-field': {
    message: '"{text}" has no =',
    hint: 'user-data is key=value fields, separated by | or new lines',
  },
  'unknown-key': {
    message: 'not a key groundup knows',
    hint: '{suggestion}known keys: {keys}',
  },
  'duplicate-key': {
    message: 'given twice; the first is at {place}',
    hint: 'remove one of them',
  },
  'missing-key': { message: 'missing', hint: 'example: {key}={example}' },
  'empty-value': { message: 'has no value', hint: 'example: {key}={example}' },
  'quoted-value': {
    message: '{value} is in quotes',
    hint: 'values are taken as they stand: {key}={bare}',
  },
  'bad-value': { message: '{value} is not {form}', hint: 'example: {key}={example}' },
  'host-bits': {
    message: '{value} has host bits set',
    hint: 'the network of that address is {network}',
  },
  'range-size': {
    message: '/{prefix} is not between /{prefixMin} and /{prefixMax}',
    hint: '{reason}',
  },
  'reserved-range': {
    message: '{value} overlaps {range}, {use}',
    hint: 'choose a private range, e.g. {example}',
  },
  'pod-cidr-overlaps-service-cidr': {
    message: '{value} overlaps service-cidr {range}',
    hint: 'the two must be apart: an address is a pod or a Service',
  },
  'pod-cidr-overlaps-vpc': {
    message: '{value} overlaps the VPC range {range}',
    hint: 'choose a range outside every subnet of the VPC',
  },
  'dns-address-outside': {
    message: '{subject}{address} lies outside service-cidr {range}',
    hint: 'the usual address in that range is {suggestion}',
  },
  'dns-address-reserved': {
    message: '{address} is {use} of service-cidr {range}',
    hint: 'the usual address in that range is {suggestion}',
  },
} as const satisfies Record<string, Row>;

export type MessageId = keyof typeof messages;

type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** The names that a message's two texts need. */
export type MessageValues<Id extends MessageId> = Record<
  NamesIn<(typeof messages)[Id]['message']> | NamesIn<(typeof messages)[Id]['hint']>,
  string | number
>;

const valueLengthMax = 80;

const fill = (text: string, values: Record<string, string | number>): string =>
  text.replaceAll(/\{([a-zA-Z]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`message without a value for {${name}}: ${text}`);
    const shown = String(value);
    const isQuote = name === 'value' || name === 'text' || name === 'bare';
    return isQuote && shown.length > valueLengthMax ? `${shown.slice(0, valueLengthMax)}…` : shown;
  });

/** A finding at a place of the text. */
export const makeFinding = <Id extends MessageId>(
  id: Id,
  at: Span,
  key: string | undefined,
  values: MessageValues<Id>,
): Finding => ({
  id,
  severity: 'error',
  line: at.line,
  column: at.column,
  length: Math.max(1, at.text.length),
  ...(key === undefined ? {} : { key }),
  message: fill(messages[id].message, values),
  hint: fill(messages[id].hint, values),
});
