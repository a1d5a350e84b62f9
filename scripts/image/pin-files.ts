// images/pins.yaml -> the list of release files it pins, each with its address and sha256.
import { components } from './binary-table.ts';
import { componentNames, kubernetesNames, type ComponentName, type Pins } from './pins.ts';
import type { Arch } from './settings-table.ts';

export interface PinnedFile {
  component: ComponentName;
  version: string;
  arch: Arch;
  /** `kubelet 1.37.1 amd64` */
  label: string;
  /** The program for Kubernetes, whose release files are single programs; else the component. */
  name: string;
  url: string;
  checksumUrl: string;
  sha256: string;
}

export const archs: readonly Arch[] = ['amd64', 'arm64'];

/** The release files of one component's version, without their sha256. */
export const releaseFilesOf = (
  component: ComponentName,
  version: string,
): Omit<PinnedFile, 'sha256'>[] => {
  const { releaseUrl, checksumUrl } = components[component];
  if (!releaseUrl || !checksumUrl) return [];
  const names = component === 'kubernetes' ? kubernetesNames : [component];
  return names.flatMap((name) =>
    archs.map((arch) => ({
      component,
      version,
      arch,
      label: `${name} ${version} ${arch}`,
      name,
      url: releaseUrl(version, arch, name),
      checksumUrl: checksumUrl(version, arch, name),
    })),
  );
};

const sha256Of = (pins: Pins, file: Omit<PinnedFile, 'sha256'>): string | undefined => {
  const { component, version, arch, name } = file;
  if (component === 'packer' || component === 'packer-plugin-qemu') return undefined;
  if (component !== 'kubernetes') return pins[component][version]?.[arch];
  const programs = pins.kubernetes[version];
  return programs?.[name as keyof typeof programs]?.[arch];
};

/** Every pinned release file, or those of one component. */
export const pinnedFiles = (pins: Pins, only?: ComponentName): PinnedFile[] =>
  componentNames
    .filter((component) => only === undefined || component === only)
    .flatMap((component) =>
      Object.keys(pins[component]).flatMap((version) => releaseFilesOf(component, version)),
    )
    .map((file) => {
      const sha256 = sha256Of(pins, file);
      if (sha256 === undefined) throw new Error(`${file.label}: no sha256`);
      return { ...file, sha256 };
    });
