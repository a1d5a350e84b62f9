// A valid request + facts of an instance -> every file that a node would write, secrets left out.
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildFiles, type NodeFile } from '../../cloud-init/build.ts';
import { deriveNames, deriveValues, identityOf, ownNodeName } from '../../cloud-init/derive.ts';
import { filesWith, folderTable } from '../../cloud-init/files.ts';
import { instanceFile } from '../../cloud-init/instance.ts';
import type { Templates } from '../../cloud-init/render.ts';
import { Secret } from '../../cloud-init/secret.ts';
import type { InterfaceFacts } from '../../cloud-init/pod-network.ts';
import type { NodeRequest } from '../../cloud-init/validate.ts';
import { Failure } from '../terminal/failure.ts';
import type { InstanceFacts } from './input.ts';
import { templateFile } from './templates.ts';

export interface TreeFile extends NodeFile {
  /** What it is made from: a template, a key of a secret, or the instance. */
  from: string;
}

/** With the identity `files` a certificate says it, which the facts stand for. */
export const renderedNodeName = (request: NodeRequest, facts: InstanceFacts): string =>
  identityOf(request.settings) === 'files'
    ? facts.nodeName
    : (ownNodeName(request, facts) ?? facts.privateDnsName);

/** What stands for an interface that nothing is known of: a subnet with two prefixes in it. */
const interfaceOf = ({ vpcRanges, subnetRange, prefixes }: InstanceFacts): InterfaceFacts => ({
  vpcRanges: vpcRanges.length === 0 ? ['172.31.0.0/16'] : vpcRanges,
  subnetRange: subnetRange ?? '172.31.0.0/24',
  prefixes: prefixes ?? ['172.31.0.64/28', '172.31.0.80/28'],
});

/** In the order in which a node puts them in place. */
export const buildTree = (
  request: NodeRequest,
  facts: InstanceFacts,
  templates: Templates,
): TreeFile[] => {
  const names = deriveNames(request, facts.instanceId);
  const origins = new Map<string, string>();
  const placeholders = new Map<string, Secret>();
  for (const { path: pathOf, source } of filesWith(names)) {
    const file = pathOf(names);
    if (source.from === 'template') origins.set(file, templateFile(source.template));
    else {
      const secret = source.secret === 'node' ? names.nodeSecret : names.sharedSecret;
      const origin = `secret ${secret}, key ${source.field(names)}`;
      origins.set(file, origin);
      placeholders.set(file, new Secret(`# ${origin}: the node puts it here at first boot\n`));
    }
  }
  const values = deriveValues(request, names, {
    ...facts,
    network: interfaceOf(facts),
    nodeName: renderedNodeName(request, facts),
  });
  const files = buildFiles(names, values, templates, placeholders).map((file) => ({
    ...file,
    from: origins.get(file.path) ?? '',
  }));
  return [
    ...files,
    { ...instanceFile(facts.instanceId, names), from: 'the instance whose files these are' },
  ];
};

/** Writes the files below an empty folder, with their modes. */
export const writeTree = async (folder: string, files: readonly TreeFile[]): Promise<void> => {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new Failure({ step: 'render', message: `${folder}: ${error.message}`, cause: error });
  });
  if (found.length > 0)
    throw new Failure({
      step: 'render',
      message: `${folder} is not empty`,
      hint: 'name a new folder, so that nothing of yours is replaced',
    });
  for (const { path: file, mode, content } of files) {
    const target = path.join(folder, file);
    const parent = path.dirname(file);
    await mkdir(path.join(folder, parent), { recursive: true, mode: 0o755 });
    const own = folderTable.find((row) => row.path === parent);
    if (own !== undefined) await chmod(path.join(folder, parent), own.mode);
    const text = typeof content === 'string' ? content : content.reveal();
    await writeFile(target, text, { mode, flag: 'wx' });
  }
};
