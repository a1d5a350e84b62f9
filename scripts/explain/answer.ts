// A path, a flag or a key -> where it comes from, and which step of the manual procedure it replaces.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { deriveNames } from '../../cloud-init/derive.ts';
import { fileTable } from '../../cloud-init/files.ts';
import { isKey, keyTable } from '../../cloud-init/keys.ts';
import type { PodNetworkMode } from '../../cloud-init/pod-network.ts';
import { nearestWord } from '../../cloud-init/nearest.ts';
import type { Settings } from '../../cloud-init/settings.ts';
import { settingsTable } from '../image/settings-table.ts';
import { inProject } from '../project/paths.ts';
import { templateFile } from '../user-data/templates.ts';
import { goneTable, lineTable, type LineRow } from './lines.ts';
import { placeTable, stepLines, stepOfFile, stepOfKey } from './places.ts';

/** Rows of docs/DEVIATIONS.md by their number: what the procedure says, what we do, and why. */
type Deviations = ReadonlyMap<number, { procedure: string; ours: string; why: string }>;

export const readDeviations = async (): Promise<Deviations> => {
  const page = await readFile(inProject('docs/DEVIATIONS.md'), 'utf8');
  const rows = page.matchAll(/^\| (\d+) +\| (.*?) +\| (.*?) +\| (.*?) +\|$/gm);
  return new Map(
    Array.from(rows, ([, number, procedure = '', ours = '', why = '']) => [
      Number(number),
      { procedure, ours, why },
    ]),
  );
};

const statementLines = (deviations: Deviations, number: number | undefined): string[] => {
  if (number === undefined) return ['  the manual procedure has no such line'];
  const found = deviations.get(number);
  if (found === undefined) return [`  as in the manual procedure, statement ${number}`];
  return [
    `  the manual procedure, statement ${number}: ${found.procedure}`,
    `  here: ${found.ours}`,
    `  why: ${found.why}`,
  ];
};

const explainLine = (row: LineRow, deviations: Deviations): string[] => [
  `${row.line}  in ${row.file}`,
  `  from: ${row.from}`,
  ...(row.statement === undefined ? [] : stepLines(stepOfFile(row.file))),
  ...statementLines(deviations, row.statement),
];

/** `--cluster-dns` and `clusterDNS` are the same to who looks for one of them. */
const plain = (word: string): string => word.replaceAll('-', '').toLowerCase();
const isFlagOf = (line: string, word: string): boolean =>
  word.startsWith('--') && plain(line.replaceAll(/\.\d+/g, '')) === plain(word);

/** Names of the last part are found, too: `maxPods`, `clientCAFile`; and flags of what is a key here. */
const isLine = (row: LineRow, word: string): boolean =>
  row.line === word ||
  isFlagOf(row.line, word) ||
  row.line.endsWith(`.${word}`) ||
  row.line.replaceAll(/\.\d+/g, '') === word ||
  row.line.replaceAll(/\.\d+/g, '').endsWith(`.${word}`);

const explainKey = (word: string): string[] => {
  if (!isKey(word)) return [];
  const { form, example, description } = keyTable[word];
  return [
    `${word}  in user-data`,
    `  ${description}`,
    `  form: ${form}; example: ${word}=${example}`,
    ...stepLines(stepOfKey(word)),
  ];
};

const explainSetting = (word: string): string[] => {
  const row = Object.entries(settingsTable).find(([name]) => name === word)?.[1];
  if (row === undefined) return [];
  return [`${word}  in images/worker.yaml`, `  ${row.description}`, `  form: ${row.form}`];
};

const podNetworkWords = (modes: readonly PodNetworkMode[]): string =>
  modes.map((mode) => (mode === 'range' ? 'a range as pod-cidr' : `pod-cidr=${mode}`)).join(' or ');

const explainWritten = (word: string, settings: Settings): string[] => {
  // A worker's own files have its name.
  const own = `/var/lib/kubelet/${settings.cluster}-`;
  const name = word.startsWith(own)
    ? word.slice(own.length).replace(/(?:-key)?\.pem$/, '')
    : 'worker-0';
  const namesWith = (identity: string) =>
    deriveNames({ name, podCidr: 'none', settings: { ...settings, identity } }, '');
  const row = fileTable.find(({ path: pathOf }) => pathOf(namesWith('files')) === word);
  if (row === undefined) return [];
  const { source, mode, seedStep, identity, podNetworks } = row;
  const names = namesWith(identity ?? 'files');
  const from =
    source.from === 'template'
      ? templateFile(source.template)
      : `secret ${source.secret === 'node' ? names.nodeSecret : names.sharedSecret}, key ${source.field(names)}`;
  const lines = lineTable.filter(({ file }) => file === word).map(({ line }) => line);
  return [
    `${word}  mode ${mode.toString(8).padStart(4, '0')}, written at every boot when it differs`,
    ...(identity === undefined ? [] : [`  with identity ${identity} only`]),
    ...(podNetworks === undefined ? [] : [`  with ${podNetworkWords(podNetworks)}`]),
    `  from: ${from}`,
    ...(seedStep === undefined ? ['  the manual procedure has no such file'] : stepLines(seedStep)),
    ...(lines.length === 0 ? [] : [`  lines: ${lines.join(', ')}`]),
  ];
};

/** The comment at the head of a baked file, which says why it is there. */
const headOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('# '))
    .slice(0, 4)
    .map((line) => `  ${line.slice(2)}`);

const rootfs = 'images/rootfs';

const bakedPaths = async (): Promise<string[]> => {
  const entries = await readdir(inProject(rootfs), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(
      (entry) => `/${path.relative(inProject(rootfs), path.join(entry.parentPath, entry.name))}`,
    );
};

const explainBaked = async (word: string, known: readonly string[]): Promise<string[]> => {
  if (!known.includes(word)) return [];
  const text = await readFile(inProject(rootfs, word), 'utf8');
  const lines = lineTable.filter(({ file }) => file === word).map(({ line }) => line);
  return [
    `${word}  baked into the image`,
    `  from: ${rootfs}${word}`,
    ...headOf(text),
    ...stepLines(stepOfFile(word)),
    ...(lines.length === 0 ? [] : [`  flags: ${lines.join(', ')}`]),
  ];
};

const explainPlace = (word: string): string[] => {
  const place = placeTable.find(({ path: known }) => known === word);
  return place === undefined ? [] : [`${word}  ${place.kind}`, `  from: ${place.from}`];
};

const explainGone = (word: string, deviations: Deviations): string[] => {
  const gone = goneTable.find(({ line }) => line === word || isFlagOf(line, word));
  return gone === undefined
    ? []
    : [
        `${gone.line}  on no node`,
        ...stepLines(gone.step),
        ...statementLines(deviations, gone.statement),
      ];
};

/** Every explanation of a word, or the known word that is nearest. */
export const explain = async (
  word: string,
  settings: Settings,
): Promise<{ text: string } | { nearest: string | undefined }> => {
  const [deviations, baked] = [await readDeviations(), await bakedPaths()];
  const found = [
    explainKey(word),
    explainSetting(word),
    explainWritten(word, settings),
    await explainBaked(word, baked),
    explainPlace(word),
    ...lineTable.filter((row) => isLine(row, word)).map((row) => explainLine(row, deviations)),
    explainGone(word, deviations),
  ].filter((lines) => lines.length > 0);
  if (found.length > 0) return { text: found.map((lines) => lines.join('\n')).join('\n\n') };
  const known = [
    ...Object.keys(keyTable),
    ...Object.keys(settingsTable),
    ...lineTable.flatMap(({ line, file }) => [line, line.split('.').at(-1) ?? line, file]),
    ...goneTable.map(({ line }) => line),
    ...baked,
    ...placeTable.map(({ path: known }) => known),
  ];
  return { nearest: nearestWord(word, known) };
};
