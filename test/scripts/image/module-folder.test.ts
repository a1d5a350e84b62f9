// A module folder before `go mod tidy`: upstream's go, godebug and replace lines, our imports.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  initialModule,
  makeModuleFolder,
  replaceLines,
  toolsFile,
} from '../../../scripts/image/module-folder.ts';
import { recordSteps } from '../../fakes/steps.ts';

test('a module folder: staging modules by version, forks kept, local folders dropped', () => {
  const replacements = [
    { Old: { Path: 'k8s.io/api' }, New: { Path: './staging/src/k8s.io/api' } },
    {
      Old: { Path: 'a.example/b', Version: 'v1.0.0' },
      New: { Path: 'c.example/b', Version: 'v1.0.1' },
    },
    { Old: { Path: 'd.example/e' }, New: { Path: '../e' } },
  ];
  assert.equal(replaceLines(replacements, '1.37.1'), [
    'k8s.io/api => k8s.io/api v0.37.1',
    'a.example/b v1.0.0 => c.example/b v1.0.1',
  ]);
  const upstream = {
    Go: '1.26.0',
    GoDebug: [{ Key: 'default', Value: 'go1.26' }],
    Replace: replacements.slice(0, 1),
  };
  assert.is(
    initialModule('kubernetes', '1.37.1', upstream),
    `module groundup.example/kubernetes-1.37.1

go 1.26.0

godebug default=go1.26

require k8s.io/kubernetes v1.37.1

replace (
\tk8s.io/api => k8s.io/api v0.37.1
)
`,
  );
  assert.match(toolsFile('runc'), /^import \(\n\t_ "github\.com\/opencontainers\/runc"\n\)\n$/m);
});

test('a module folder that is there is left alone', async () => {
  const modulesFolder = await mkdtemp(path.join(tmpdir(), 'groundup-modules-'));
  await mkdir(path.join(modulesFolder, 'runc-1.5.1'));
  const { steps, lines } = recordSteps();
  const options = { component: 'runc', version: '1.5.1', goVersion: '1.26.8' } as const;
  await makeModuleFolder({ ...options, steps, modulesFolder });
  assert.equal(lines, []);
  await rm(modulesFolder, { recursive: true });
});

test.run();
