// References of container images -> archives for `ctr images import`, fetched by skopeo.
// skopeo knows every registry's login and redirects; the user's own credentials are used as they are.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, keyOf } from '../cache/entry.ts';
import { runTool } from '../project/tools.ts';
import { ensurePackages } from '../setup/packages.ts';
import { Failure } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import type { ContainerImage } from './bundle.ts';
import { createImageArchive, type Descriptor, type ImageParts } from './oci-archive.ts';
import type { Settings } from './settings.ts';

const step = 'images';
const archiveName = 'image.tar';
const copyTimeoutMs = 15 * 60_000;
const inspectTimeoutMs = 60_000;
const hint = 'is the reference right, and does `skopeo inspect docker://…` reach its registry?';

/** `registry/name:tag@sha256:…` -> what skopeo takes, which is a tag or a digest but not both. */
export const pullReference = (reference: string): string => {
  const [name = '', digest] = reference.split('@');
  if (digest === undefined) return name;
  return `${name.replace(/:[^/:]+$/, '')}@${digest}`;
};

const digestOfReference = async (reference: string, arch: string): Promise<string> => {
  const pinned = reference.split('@')[1];
  if (pinned !== undefined) return pinned;
  const args = ['inspect', '--no-tags', '--override-os=linux', `--override-arch=${arch}`];
  return runTool('skopeo', [...args, '--format={{.Digest}}', `docker://${reference}`], {
    step,
    timeoutMs: inspectTimeoutMs,
    hint,
  });
};

/** An OCI layout folder with one image -> its parts. */
export const readLayout = async (folder: string): Promise<ImageParts> => {
  const blob = (digest: string) => readFile(path.join(folder, 'blobs', digest.replace(':', '/')));
  const index = JSON.parse(await readFile(path.join(folder, 'index.json'), 'utf8')) as {
    manifests: Descriptor[];
  };
  const [first] = index.manifests;
  if (first === undefined) throw new Failure({ step, message: `${folder} holds no image` });
  const manifest = await blob(first.digest);
  const { config, layers } = JSON.parse(manifest.toString('utf8')) as {
    config: Descriptor;
    layers: Descriptor[];
  };
  const blobs = await Promise.all([config, ...layers].map(({ digest }) => blob(digest)));
  return { manifestType: first.mediaType, manifest, blobs };
};

const fetchArchive = async (reference: string, arch: string, folder: string): Promise<void> => {
  const work = await mkdtemp(path.join(folder, '.work-'));
  try {
    const source = `docker://${pullReference(reference)}`;
    const args = ['copy', '--quiet', '--override-os=linux', `--override-arch=${arch}`];
    await runTool('skopeo', [...args, source, `oci:${work}/layout`], {
      step,
      timeoutMs: copyTimeoutMs,
      hint,
    });
    const parts = await readLayout(path.join(work, 'layout'));
    // A node asks by name and tag; a digest alone would need the registry's index as well.
    const name = reference.split('@')[0] ?? reference;
    const archive = createImageArchive(name, parts);
    await writeFile(path.join(folder, archiveName), archive, { mode: 0o644 });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

const prepareImage = async (reference: string, arch: string): Promise<ContainerImage> => {
  const digest = await digestOfReference(reference, arch);
  const key = keyOf([reference, digest, arch]);
  const entry = await cached('images', key, (folder) => fetchArchive(reference, arch, folder));
  const file = path.join(entry.folder, archiveName);
  return { file, sha256: entry.files[archiveName]?.sha256 ?? '', reference };
};

/** The images of `settings.images`; installs skopeo only when there are any. */
export const prepareExtraImages = async (
  { images, arch }: Pick<Settings, 'images' | 'arch'>,
  steps: Steps,
): Promise<ContainerImage[]> => {
  if (images.length === 0) return [];
  await ensurePackages(steps, ['skopeo']);
  return steps.run(
    step,
    `${images.length} from their registries`,
    async () => {
      const prepared: ContainerImage[] = [];
      for (const reference of images) prepared.push(await prepareImage(reference, arch));
      return prepared;
    },
    (prepared) => `${prepared.length} more container images`,
  );
};
