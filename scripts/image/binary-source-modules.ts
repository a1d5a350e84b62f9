// A program's Go package and the pinned module of images/modules/ -> the built program in a folder.
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { inProject } from '../project/paths.ts';
import { runTool } from '../project/tools.ts';
import { compilerPackages } from '../setup/packages-table.ts';
import { ensurePackages } from '../setup/packages.ts';
import { Failure } from '../terminal/failure.ts';
import type { RunningStep, Steps } from '../terminal/steps.ts';
import { hostArch, labelOf, type BinaryRequest } from './binary-request.ts';

/** The kubelet alone takes 6 minutes on two busy cores; a small machine may need five times that. */
const buildTimeoutMs = 45 * 60_000;

/** The folder with go.mod and go.sum of one component's version. */
export const moduleFolder = (component: string, version: string): string =>
  inProject('images/modules', `${component}-${version}`);

/** The arguments of `go` that decide the program's bytes, and nothing else. */
export const buildArguments = ({ component, version }: BinaryRequest): string[] => {
  const stamps = Object.entries(component.stamps(version)).map(
    ([name, text]) => `-X ${name}=${text}`,
  );
  return [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    ...(component.tags === undefined ? [] : ['-tags', component.tags]),
    '-ldflags',
    ['-s', '-w', ...stamps].join(' '),
  ];
};

/** The environment that decides the program's bytes: the user's own Go settings must not. */
export const buildEnvironment = (
  { component, arch }: BinaryRequest,
  goVersion: string,
): Record<string, string> => ({
  GOTOOLCHAIN: `go${goVersion}`,
  GOOS: 'linux',
  GOARCH: arch,
  GOAMD64: 'v1',
  GOARM64: 'v8.0',
  GOFLAGS: '',
  GOEXPERIMENT: '',
  GOWORK: 'off',
  CGO_ENABLED: component.usesCgo ? '1' : '0',
});

/** What pins the sources: go.mod and go.sum. A Failure when the module folder is missing. */
export const readModule = async (request: BinaryRequest): Promise<string> => {
  const { component } = request.row;
  const folder = moduleFolder(component, request.version);
  const read = async (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
  if (
    await access(path.join(folder, 'go.mod')).then(
      () => true,
      () => false,
    )
  ) {
    return `${await read('go.mod')}\n${await read('go.sum')}`;
  }
  throw new Failure({
    step: 'binaries',
    message: `${labelOf(request)}: there is no images/modules/${path.basename(folder)}`,
    hint: `npm run pins -- bump ${component} ${request.version}`,
  });
};

const refuseForeignCgo = (request: BinaryRequest): void => {
  if (!request.component.usesCgo || request.arch === hostArch()) return;
  throw new Failure({
    step: 'binaries',
    message: `${labelOf(request)}: needs a C compiler for ${request.arch}, and this machine is ${hostArch()}`,
    hint: `set binaries: release in images/worker.yaml, or build on an ${request.arch} machine`,
  });
};

/** Shows what the go command is at: how many modules it fetched, how many packages it compiled. */
const progressReader = (step: RunningStep, text: string): ((line: string) => void) => {
  let fetched = 0;
  let compiled = 0;
  return (line) => {
    if (line.startsWith('go: downloading')) fetched += 1;
    else if (/^[\w.-]+(?:\/[\w.~-]+)*$/.test(line.trim())) compiled += 1;
    else return;
    step.update(`${text}: ${fetched} modules fetched, ${compiled} packages compiled`);
  };
};

export interface ModuleBuild {
  /** The command of a Go that is new enough. */
  go: string;
  goVersion: string;
  folder: string;
  step: RunningStep;
  text: string;
}

/** Compiles the program to `<folder>/<name>`; a failure shows the compiler's last lines. */
export const buildFromModules = async (
  request: BinaryRequest,
  build: ModuleBuild,
): Promise<void> => {
  const { row } = request;
  const output = path.join(build.folder, row.name);
  const args = [...buildArguments(request), '-v', '-o', output, row.goPackage];
  try {
    await runTool(build.go, args, {
      step: 'binaries',
      timeoutMs: buildTimeoutMs,
      cwd: moduleFolder(row.component, request.version),
      env: buildEnvironment(request, build.goVersion),
      onLine: progressReader(build.step, build.text),
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw explain(request, error);
  }
};

const hints: readonly [RegExp, string][] = [
  [
    /no space left on device/,
    'free some space for the Go caches (go env GOCACHE GOMODCACHE) and ~/.cache',
  ],
  [
    /toolchain not available|download go1/,
    'the Go module proxy (go env GOPROXY) has to serve golang.org/toolchain',
  ],
  [
    /dial tcp|no such host|i\/o timeout|proxyconnect/,
    'the Go module proxy (go env GOPROXY) has to be reachable',
  ],
  [
    /checksum mismatch/,
    'the module is not the one that go.sum pins: GOPROXY or GONOSUMDB may be at fault',
  ],
];

/** The command line is long and says nothing to the user: the label and a hint do. */
const explain = (request: BinaryRequest, failure: Failure): Failure => {
  const tail = (failure.tail ?? '')
    .split('\n')
    .filter((line) => !/^[\w.-]+(?:\/[\w.~-]+)+$/.test(line.trim()))
    .join('\n');
  const hint = hints.find(([pattern]) => pattern.test(tail))?.[1];
  const reason = failure.message.startsWith('Command timed out')
    ? `not built after ${buildTimeoutMs / 60_000} minutes`
    : 'building from Go modules failed';
  return new Failure({
    step: 'binaries',
    message: `${labelOf(request)}: ${reason}`,
    tail,
    cause: failure,
    ...(hint === undefined ? {} : { hint }),
  });
};

/** Makes sure that what cgo needs is there, and that it can serve this architecture. */
export const prepareCompiler = async (steps: Steps, request: BinaryRequest): Promise<void> => {
  if (!request.component.usesCgo) return;
  refuseForeignCgo(request);
  await ensurePackages(steps, compilerPackages);
};
