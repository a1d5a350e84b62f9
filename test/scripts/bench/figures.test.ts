// Medians, targets and the table of the boot benchmark.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTimes } from '../../../scripts/bench/agent-time.ts';
import { parseMoments, type BootFigures } from '../../../scripts/bench/boot.ts';
import { formatFigures, median, targetsOf, type Runs } from '../../../scripts/bench/figures.ts';

const boot = (readySeconds: number, readMib: number): BootFigures => ({
  userspaceSeconds: 2,
  networkSeconds: 12,
  kubeletSeconds: 15,
  readySeconds,
  readMib,
  reads: 5000,
});

const runs: Runs = {
  a: [boot(41, 283), boot(43, 283), boot(40, 283)],
  b: [boot(24, 240), boot(23, 241), boot(25, 239)],
  c: [boot(25, 242), boot(24, 241), boot(26, 243)],
  d: [boot(69, 310), boot(68, 310), boot(70, 310)],
};

test('the median of odd and even counts', () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('targets are met or missed by their ratios', () => {
  const verdicts = (agentCpuMs: number, changed: Partial<Runs> = {}) =>
    targetsOf({ ...runs, ...changed }, agentCpuMs).map(({ isMet }) => isMet);
  assert.equal(verdicts(40), [true, true, true, true, true]);
  assert.equal(verdicts(51), [true, true, true, true, false]);
  assert.equal(verdicts(40, { c: [boot(30, 250)] }), [false, false, false, false, true]);
});

test('a machine that slows down between rounds changes no ratio', () => {
  const slowed: Runs = {
    a: [boot(40, 283), boot(80, 283), boot(60, 283)],
    b: [boot(20, 240), boot(40, 240), boot(30, 240)],
    c: [boot(20.4, 242), boot(40.8, 242), boot(30.6, 242)],
    d: [boot(60, 310), boot(120, 310), boot(90, 310)],
  };
  const [ratio] = targetsOf(slowed, 40);
  assert.is(ratio?.value.toFixed(3), '1.020');
});

test('the table', () => {
  const text = formatFigures(runs, targetsOf(runs, 40));
  const lines = text.split('\n');
  assert.match(
    lines[0] ?? '',
    /^ +userspace +network +kubelet +Ready +MiB read +reads +Ready min-max$/,
  );
  assert.match(lines[3] ?? '', /^\(c\) +2\.0 +12\.0 +15\.0 +25\.0 +242\.0 +5000 +24\.0-26\.0$/);
  assert.match(text, /^\(c\) \/ \(b\) +1\.04, at most 1\.05: ok$/m);
  const missed = formatFigures(runs, targetsOf(runs, 62));
  assert.match(missed, /^agent without waits +62\.0 ms, at most 50\.0 ms: MISSED$/m);
});

test('what systemd prints becomes seconds', () => {
  const { userspace, kubelet } = parseMoments('2700000\n0\n13000000\n0\n15900000\n');
  assert.equal([userspace, kubelet], [2.7, 15.9]);
  assert.ok(Number.isNaN(parseMoments('').kubelet));
});

test("curl's time is taken from the whole", () => {
  const curl = '0m0.004s 0m0.001s\n0m0.010s 0m0.005s\n';
  const { cpuMs, curlMs, elapsedMs } = parseTimes('0.120 0.060 0.040\n', curl);
  assert.equal([cpuMs, curlMs, elapsedMs].map(Math.round), [80, 20, 120]);
});

test.run();
