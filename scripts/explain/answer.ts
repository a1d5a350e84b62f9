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
import { placeTable } from './places.ts';
import {
  keyRelations,
  relationsOfFile,
  secretRelations,
  stepOfFile,
  stepOfRelation,
  type Relation,
} from './procedure.ts';

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

const stepLines = (step: number | undefined): string[] =>
  step === undefined ? [] : [`  replaces step ${step} of the manual procedure`];

/** A reason that is another row's, `As 12`, is told. */
const reasonOf = (deviations: Deviations, why: string): string =>
  why.replace(/^As (\d+)/, (text, number: string) => deviations.get(Number(number))?.why ?? text);

const statementLines = (deviations: Deviations, relation: Relation): string[] => {
  if ('keeps' in relation) return [`  as in the manual procedure, statement ${relation.keeps}`];
  const found = deviations.get(relation.changes);
  if (found === undefined) throw new Error(`docs/DEVIATIONS.md has no row ${relation.changes}`);
  return [
    `  the manual procedure, statement ${relation.changes}: ${found.procedure}`,
    `  here: ${relation.here ?? found.ours}`,
    `  why: ${reasonOf(deviations, found.why)}`,
  ];
};

/** `kind` is what the procedure does not have, where it has nothing. */
const relationLines = (
  deviations: Deviations,
  relation: Relation | undefined,
  kind: 'line' | 'key',
): string[] =>
  relation === undefined
    ? [`  the manual procedure has no such ${kind}`]
    : [...stepLines(stepOfRelation(relation)), ...statementLines(deviations, relation)];

const explainLine = (row: LineRow, deviations: Deviations): string[] => [
  `${row.line}  in ${row.file}`,
  `  from: ${row.from}`,
  ...relationLines(deviations, row.relation, 'line'),
];

/** `--cluster-dns` and `clusterDNS` are the same to who looks for one of them. */
const plain = (word: string): string => word.replaceAll(/[-.]/g, '').toLowerCase();
const isFlagOf = (line: string, word: string): boolean =>
  word.startsWith('--') &&
  [line, line.split('.').at(-1) ?? line].some((name) => plain(name) === plain(word));

/** Only what the kubelet and kube-proxy are told can be a flag of theirs: a network's name is none. */
const hasFlags = ({ file, line }: LineRow): boolean =>
  line.startsWith('--') || file.startsWith('/var/lib/kube');

/** Names of the last part are found, too: `maxPods`, `clientCAFile`; and flags of what is a key here. */
const isLine = (row: LineRow, word: string): boolean => {
  const line = row.line.replaceAll(/\.\d+/g, '');
  return (
    [row.line, line].some((name) => name === word || name.endsWith(`.${word}`)) ||
    (hasFlags(row) && isFlagOf(line, word))
  );
};

const explainKey = (word: string, deviations: Deviations): string[] => {
  if (!isKey(word)) return [];
  const { form, example, description } = keyTable[word];
  return [
    `${word}  in user-data`,
    `  ${description}`,
    `  form: ${form}; example: ${word}=${example}`,
    ...relationLines(deviations, keyRelations[word], 'key'),
  ];
};

const explainSetting = (word: string, deviations: Deviations): string[] => {
  const row = Object.entries(settingsTable).find(([name]) => name === word)?.[1];
  if (row === undefined) return [];
  return [
    `${word}  in images/worker.yaml`,
    `  ${row.description}`,
    `  form: ${row.form}`,
    ...relationLines(deviations, keyRelations[word], 'key'),
  ];
};

const podNetworkWords = (modes: readonly PodNetworkMode[]): string =>
  modes.map((mode) => (mode === 'range' ? 'a range as pod-cidr' : `pod-cidr=${mode}`)).join(' or ');

const explainWritten = (word: string, settings: Settings, deviations: Deviations): string[] => {
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
  const relations =
    source.from === 'secret' && seedStep !== undefined ? secretRelations : relationsOfFile(word);
  const lines = lineTable.filter(({ file }) => file === word).map(({ line }) => line);
  return [
    `${word}  mode ${mode.toString(8).padStart(4, '0')}, written at every boot when it differs`,
    ...(identity === undefined ? [] : [`  with identity ${identity} only`]),
    ...(podNetworks === undefined ? [] : [`  with ${podNetworkWords(podNetworks)}`]),
    `  from: ${from}`,
    ...(seedStep === undefined ? ['  the manual procedure has no such file'] : stepLines(seedStep)),
    ...relations.flatMap((relation) => statementLines(deviations, relation)),
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

const explainBaked = async (
  word: string,
  known: readonly string[],
  deviations: Deviations,
): Promise<string[]> => {
  if (!known.includes(word)) return [];
  const text = await readFile(inProject(rootfs, word), 'utf8');
  const lines = lineTable.filter(({ file }) => file === word).map(({ line }) => line);
  return [
    `${word}  baked into the image`,
    `  from: ${rootfs}${word}`,
    ...headOf(text),
    ...stepLines(stepOfFile(word)),
    ...relationsOfFile(word).flatMap((relation) => statementLines(deviations, relation)),
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
    : [`${gone.line}  on no node`, ...relationLines(deviations, gone.relation, 'line')];
};

/** Every explanation of a word, or the known word that is nearest. */
export const explain = async (
  word: string,
  settings: Settings,
): Promise<{ text: string } | { nearest: string | undefined }> => {
  const [deviations, baked] = [await readDeviations(), await bakedPaths()];
  const found = [
    explainKey(word, deviations),
    explainSetting(word, deviations),
    explainWritten(word, settings, deviations),
    await explainBaked(word, baked, deviations),
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
