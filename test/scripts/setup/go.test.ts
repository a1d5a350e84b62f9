// Go: what is good enough, what is installed, and the remedy where nothing can be.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ensureGo, parseGoVersion, type GoHost } from '../../../scripts/setup/go.ts';
import { Failure } from '../../../scripts/terminal/failure.ts';
import { formatFailure } from '../../../scripts/terminal/steps.ts';
import { recordSteps } from '../../fakes/steps.ts';

/** A machine with some Gos by command; `packaged` is what apt-get would bring. */
const machine = (
  found: Record<string, string>,
  debianMajor?: number,
  packaged?: string,
): { host: GoHost; installs: () => number } => {
  let installs = 0;
  return {
    installs: () => installs,
    host: {
      askGo: async (command) => found[command],
      installGo: async () => {
        installs += 1;
        if (packaged !== undefined) found['go'] = packaged;
      },
      debianMajor: async () => debianMajor,
    },
  };
};

const ensure = async (host: GoHost): Promise<string> => ensureGo(recordSteps().steps, host);

test('Go of PATH, when it can fetch toolchains', async () => {
  assert.is(await ensure(machine({ go: '1.21.0' }).host), 'go');
  assert.is(await ensure(machine({ go: '1.26.8' }).host), 'go');
});

test('an old Go of PATH, a newer one in the usual place', async () => {
  const { host } = machine({ go: '1.19.8', '/usr/local/go/bin/go': '1.26.8' });
  assert.is(await ensure(host), '/usr/local/go/bin/go');
});

test('Debian 13 without Go: its package is installed', async () => {
  const { host, installs } = machine({}, 13, '1.24.4');
  assert.is(await ensure(host), 'go');
  assert.is(installs(), 1);
});

const remedy =
  'hint: install Go 1.21 or later from https://go.dev/dl/ (the toolchain that is needed is then fetched), or set binaries: release in images/worker.yaml';

const refusals: [
  name: string,
  found: Record<string, string>,
  major: number | undefined,
  expected: string,
][] = [
  [
    'Debian 12, whose package is too old',
    {},
    12,
    `go         there is no Go on this machine; building from Go modules needs 1.21 or later\n           ${remedy}`,
  ],
  [
    'another system',
    {},
    undefined,
    `go         there is no Go on this machine; building from Go modules needs 1.21 or later\n           ${remedy}`,
  ],
  [
    'an old Go that the user put there',
    { go: '1.19.8' },
    13,
    `go         Go 1.19.8 is too old; building from Go modules needs 1.21 or later\n           ${remedy}`,
  ],
];

for (const [name, found, major, expected] of refusals) {
  test(`refused: ${name}`, async () => {
    const { host, installs } = machine(found, major);
    try {
      await ensure(host);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, Failure);
      assert.is(formatFailure(error as Failure), expected);
    }
    assert.is(installs(), 0);
  });
}

test('versions as go prints them', () => {
  assert.is(parseGoVersion('go version go1.26.8 linux/amd64'), '1.26.8');
  assert.is(parseGoVersion('go version go1.21 linux/amd64'), '1.21');
  assert.is(parseGoVersion('command not found'), undefined);
});

test.run();
