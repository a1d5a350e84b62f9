// Text of a timeline file -> a boot to draw, and what is wrong with its lines.
import path from 'node:path';
import { nearestWord } from '../../cloud-init/nearest.ts';
import { hasErrors, type Finding } from '../../cloud-init/report.ts';
import {
  inOrder,
  parseTimelineLine,
  timelineEvents,
  type Moment,
  type Timeline,
  type TimelineEvent,
} from '../../cloud-init/timeline.ts';

export interface BootTimeline {
  /** What people call it: short, and another one for each file. */
  label: string;
  timeline: Timeline;
}

export interface TimelineCheck {
  findings: Finding[];
  /** Absent when a finding is an error. */
  timeline?: Timeline;
}

const whereFrom = 'it is /var/lib/groundup/timeline.jsonl of a node';

const isEvent = (event: string): event is TimelineEvent =>
  timelineEvents.includes(event as TimelineEvent);

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const findingAt = (
  line: number,
  text: string,
  [severity, id, message, hint = '']: [Finding['severity'], string, string, string?],
): Finding => ({
  id,
  severity,
  line,
  column: 1,
  length: text.length,
  message,
  hint,
});

/** What is wrong with a line that is no moment. */
const judgeLine = (line: number, text: string, isLast: boolean): Finding => {
  if (isJson(text)) {
    const message = 'a line has the name of an event and uptimeMs, a number; this one has not';
    return findingAt(line, text, ['error', 'no-moment', message]);
  }
  if (isLast) {
    const message = 'the last line is cut short; it is passed over';
    return findingAt(line, text, ['warning', 'torn-line', message]);
  }
  const message = 'each line is one JSON object; this one is none';
  return findingAt(line, text, ['error', 'not-json', message, whereFrom]);
};

/** Of an event that is unknown, or was there before; undefined for a good one. */
const judgeEvent = (
  line: number,
  text: string,
  event: string,
  timeline: Timeline,
): Finding | undefined => {
  if (!isEvent(event)) {
    const nearest = nearestWord(event, timelineEvents);
    const hint = nearest === undefined ? '' : `did you mean ${nearest}?`;
    const message = `${event} is no event that this version knows; it is passed over`;
    return findingAt(line, text, ['warning', 'unknown-event', message, hint]);
  }
  if (timeline[event] === undefined) return undefined;
  const message = `${event} was there before; the first line counts`;
  return findingAt(line, text, ['warning', 'duplicate-event', message]);
};

const isMoment = (event: string, found: Finding | undefined): event is TimelineEvent =>
  isEvent(event) && found === undefined;

/** A file of which no line is a moment gets one finding, not one for each line. */
export const checkTimeline = (text: string): TimelineCheck => {
  const lines = text.split('\n');
  const findings: Finding[] = [];
  const timeline: Partial<Record<TimelineEvent, Moment>> = {};
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const parsed = parseTimelineLine(line);
    // What ends without a line end may be cut short.
    const isLast = index === lines.length - 1;
    const finding =
      parsed === undefined
        ? judgeLine(index + 1, line, isLast)
        : judgeEvent(index + 1, line, parsed.event, timeline);
    if (finding !== undefined) findings.push(finding);
    if (parsed !== undefined && isMoment(parsed.event, finding))
      timeline[parsed.event] = parsed.moment;
  }
  if (inOrder(timeline).length === 0) {
    const message = text.trim() === '' ? 'the file is empty' : 'no line is an event of a boot';
    const [first = ''] = lines;
    return { findings: [findingAt(1, first, ['error', 'no-timeline', message, whereFrom])] };
  }
  return hasErrors(findings) ? { findings } : { findings, timeline };
};

const withoutExtension = (file: string): string =>
  file === '-' ? 'stdin' : file.replace(/\.jsonl$/, '');

/** The same file twice is told apart by its place. */
const numbered = (labels: readonly string[]): string[] =>
  labels.map((label, index) => (labels.indexOf(label) === index ? label : `${label}#${index + 1}`));

/** File names where they differ, else what differs of the paths. */
export const labelsOf = (files: readonly string[]): string[] => {
  const names = files.map((file) => withoutExtension(path.basename(file)));
  if (new Set(names).size === new Set(files).size) return numbered(names);
  const parts = files.map((file) => withoutExtension(file).split('/'));
  const isShared = (part: string | undefined, place: (one: string[]) => string | undefined) =>
    part !== undefined && parts.every((one) => place(one) === part);
  let [start, end] = [0, 0];
  while (isShared(parts[0]?.[start], (one) => one[start])) start += 1;
  while (isShared(parts[0]?.at(-1 - end), (one) => one.at(-1 - end))) end += 1;
  return numbered(parts.map((one) => one.slice(start, one.length - end).join('/')));
};
