// What lines, keys and files of a node are to the manual procedure: the step that they replace, and which
// of its statements they keep or change (numbers as in docs/DEVIATIONS.md). A statement has several
// lines; a node that changes one of them keeps the others, so each line says it for itself.
import { fileTable } from '../../cloud-init/files.ts';

/** The statement that has the same line, or the row of docs/DEVIATIONS.md that is about this line. */
export type Relation =
  | { keeps: number }
  | {
      changes: number;
      /** Where the row tells of another node than one that has this line. */
      here?: string;
    };

export const keeps = (statement: number): Relation => ({ keeps: statement });
export const changes = (statement: number, here?: string): Relation => ({
  changes: statement,
  ...(here === undefined ? {} : { here }),
});

/** Runs of statements, in order: what one only explains belongs to the step beside it. */
const runs: readonly (readonly [lastStatement: number, step: number])[] = [
  [1, 9],
  [4, 10],
  [6, 12],
  [19, 10],
  [24, 13],
  [39, 14],
  [52, 15],
  [57, 16],
  [58, 17],
  [65, 18],
];

export const stepOfRelation = (relation: Relation): number | undefined => {
  const number = 'keeps' in relation ? relation.keeps : relation.changes;
  return runs.find(([last]) => number <= last)?.[1];
};

/** Keys of user-data and of images/worker.yaml whose value it has, too. */
export const keyRelations: Readonly<Record<string, Relation>> = {
  'pod-cidr': keeps(4),
  name: keeps(5),
  cluster: keeps(6),
  'cluster-domain': keeps(30),
  'dns-address': keeps(31),
  'kube-proxy-mode': changes(56),
};

/** What it had the reader write into units, and start. */
const unitSteps: Readonly<Record<string, number>> = {
  '/etc/systemd/system/kubelet.service': 15,
  '/etc/systemd/system/kube-proxy.service': 17,
  '/etc/systemd/system/groundup.service': 18,
};

/** The path of no template depends on names. */
const noNames = {
  identity: 'files',
  podNetwork: 'range',
  workerName: '',
  nodeSecret: '',
  sharedSecret: '',
} as const;

/** The step that wrote a file of this path; a worker's own files stand there under any name. */
export const stepOfFile = (file: string): number | undefined =>
  unitSteps[file] ??
  fileTable.find((row) => row.source.from === 'template' && row.path(noNames) === file)?.seedStep;

/** Rows about a file as a whole, or about what of it is no line that we explain. */
const fileChanges: Readonly<Record<string, readonly number[]>> = {
  '/etc/cni/net.d/172-20-bridge.conflist': [12, 18],
  '/etc/systemd/system/kubelet.service': [51],
  '/etc/systemd/system/kube-proxy.service': [58],
  '/etc/systemd/system/groundup.service': [59, 60],
};

export const relationsOfFile = (file: string): Relation[] =>
  (fileChanges[file] ?? []).map((number) => changes(number));

/** The worker's files, which the reader moved to where the agent puts them. */
export const secretRelations: readonly Relation[] = [changes(1), changes(24)];
