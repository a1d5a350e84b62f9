// Steps print one plain line each when piped, and redraw only on a terminal; failures read well.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure, tailOf } from '../../../scripts/terminal/failure.ts';
import { createSteps, formatElapsed, formatFailure } from '../../../scripts/terminal/steps.ts';

const elapsed: [ms: number, text: string][] = [
  [0, '0.0s'],
  [950, '0.9s'],
  [59_949, '59.9s'],
  [61_500, '1m02s'],
  [341_000, '5m41s'],
];
for (const [ms, text] of elapsed)
  test(`${ms} ms is ${text}`, () => {
    assert.is(formatElapsed(ms), text);
  });

const record = (isTTY: boolean) => {
  const written: string[] = [];
  return { written, output: { isTTY, write: (text: string) => written.push(text) } };
};

test('a pipe gets the finished line only', async () => {
  const { written, output } = record(false);
  const steps = createSteps(output);
  await steps.run(
    'base',
    'Debian 13',
    () => Promise.resolve(212),
    (n) => `Debian 13, ${n} packages`,
  );
  assert.equal(written, ['base       Debian 13, 212 packages\n']);
});

test('a terminal gets the running step redrawn in place', async () => {
  const { written, output } = record(true);
  const steps = createSteps(output);
  await steps.run(
    'packer',
    'booting',
    (step) => Promise.resolve(step.update('provision runtime')),
    () => 'done',
  );
  const clear = '\r\u001B[2K';
  assert.equal(written, [
    `${clear}packer     booting`,
    `${clear}packer     provision runtime`,
    `${clear}packer     done\n`,
  ]);
});

test('steps side by side share the line that is redrawn', async () => {
  const { written, output } = record(true);
  const steps = createSteps(output);
  let finish = () => {};
  const first = steps.run(
    'binaries',
    'building kubelet',
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
    () => 'kubelet built',
  );
  await steps.run(
    'binaries',
    'building runc',
    () => Promise.resolve(),
    () => 'runc built',
  );
  finish();
  await first;
  const clear = '\r\u001B[2K';
  assert.equal(written, [
    `${clear}binaries   building kubelet`,
    `${clear}binaries   building kubelet  and 1 more`,
    `${clear}binaries   runc built\n`,
    `${clear}binaries   building kubelet`,
    `${clear}binaries   kubelet built\n`,
  ]);
});

test('a failing step leaves no half line and passes its error on', async () => {
  const { written, output } = record(false);
  const failure = new Failure({ step: 'base', message: 'no mirror' });
  const caught = await createSteps(output)
    .run(
      'base',
      'Debian 13',
      () => Promise.reject(failure),
      () => 'never',
    )
    .catch((error: unknown) => error);
  assert.is(caught, failure);
  assert.is(written.join(''), '');
});

test('a failure is line, tail, hint', () => {
  const failure = new Failure({
    step: 'packer',
    message: 'packer build failed in step 30-images',
    tail: tailOf('\nctr: content digest\n\nfailed\n'),
    hint: 'run again with --verbose',
  });
  assert.is(
    formatFailure(failure),
    [
      'packer     packer build failed in step 30-images',
      '           ctr: content digest',
      '           failed',
      '           hint: run again with --verbose',
    ].join('\n'),
  );
});

test('a tail is the last 20 lines', () => {
  const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  assert.is(tailOf(lines.join('\n')), lines.slice(30).join('\n'));
});

test.run();
