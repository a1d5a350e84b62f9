// docs/timeline.md: its table is the code's, and its examples are what the command and a node write.
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatFindings } from '../../cloud-init/report.ts';
import { timelinePath, timelinePaths } from '../../cloud-init/timeline-record.ts';
import {
  formatTimeline,
  parseTimeline,
  timelineEvents,
  timelineTable,
} from '../../cloud-init/timeline.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { checkTimeline, labelsOf } from '../../scripts/timeline/read.ts';
import { formatText } from '../../scripts/timeline/text.ts';
import { assertTable, markdownTable, readFences } from './page.ts';

const page = 'docs/timeline.md';
const fences = await readFences(page);
const textOf = (info: string): string => fences.find((fence) => fence.info === info)?.text ?? '';

test('the events', () => {
  const rows = timelineEvents.map((event) => {
    const { meaning, source, systemd, nodeLatency } = timelineTable[event];
    const place =
      systemd === undefined
        ? source
        : `${source}: ${'unit' in systemd ? `${systemd.unit}, ` : ''}\`${systemd.property}\``;
    return [event, meaning, place, nodeLatency ?? ''];
  });
  const header = ['event', 'what has happened', 'who knows it', 'node-latency-for-k8s'];
  return assertTable(page, 'events', markdownTable(header, rows));
});

test('lines are as a node writes them', () => {
  const text = textOf('jsonl node');
  assert.is(formatTimeline(parseTimeline(text)), text);
});

test('two boots side by side', async () => {
  const fence = fences.find(({ info }) => info.startsWith('text '));
  const files = fence?.info.split(' ').slice(1) ?? [];
  const labels = labelsOf(files);
  const boots = files.map(async (file, index) => ({
    label: labels[index] ?? '',
    timeline: parseTimeline(await readFile(inProject('test/scripts/timeline/golden', file), 'utf8'))
      .timeline,
  }));
  assert.is(`${formatText(await Promise.all(boots))}\n`, fence?.text);
});

test('a file that is no timeline', () => {
  const text = textOf('findings');
  const { findings } = checkTimeline(text);
  assert.is(`${formatFindings('stdin', text, findings)}\n`, textOf('console findings'));
});

test('the page names the files', async () => {
  const text = await readFile(inProject(page), 'utf8');
  const names = [timelinePath, ...timelinePaths.slice(1).map((path) => path.split('/').at(-1))];
  assert.is(timelinePaths.length, 5, 'the page says four boots');
  for (const name of [names[0], names[1], names.at(-1)]) assert.match(text, `\`${name}\``);
});

test.run();
