// The command line of npm run bench:boot.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseOptions } from '../../../scripts/bench/options.ts';

const optionsOf = (...args: string[]) => {
  const parsed = parseOptions(args);
  assert.ok('options' in parsed, JSON.stringify(parsed));
  return parsed.options;
};

const faultOf = (...args: string[]): string => {
  const parsed = parseOptions(args);
  return 'fault' in parsed ? parsed.fault : 'no fault';
};

test('without arguments everything is booted', () => {
  assert.equal(optionsOf(), {
    volumes: ['warm', 'cold'],
    latencyMs: 60,
    chosen: ['a', 'b', 'c', 'd', 'e'],
    runs: 3,
    isCheck: false,
  });
});

test('each option', () => {
  const args =
    '--volume cold --latency 20 --variants a,c,e --runs 5 --json x.json --image o/i.qcow2';
  assert.equal(optionsOf(...args.split(' ')), {
    volumes: ['cold'],
    latencyMs: 20,
    chosen: ['a', 'c', 'e'],
    runs: 5,
    isCheck: false,
    imageFile: 'o/i.qcow2',
    jsonFile: 'x.json',
  });
});

test('a check takes the image to judge', () => {
  const { isCheck, imageFile, chosen } = optionsOf('--check', 'out/new.qcow2');
  assert.equal([isCheck, imageFile, chosen], [true, 'out/new.qcow2', ['a', 'c']]);
  assert.is(optionsOf('--check').imageFile, undefined);
});

test('measures are undone one by one, after the image as it is', () => {
  assert.equal(optionsOf('--without', 'units,programs').chosen, ['ours', 'programs', 'units']);
  assert.is(optionsOf('--without', 'all').chosen.length, 9);
});

test('what is wrong is named', () => {
  assert.match(faultOf('--volume', 'hot'), /hot: not cold, warm or both/);
  assert.match(faultOf('--latency', '0'), /0: not a number of milliseconds/);
  assert.match(faultOf('--runs', 'many'), /many: not a number/);
  assert.match(faultOf('--variants', 'a,x'), /x is not one of a, b, c, d, e/);
  assert.match(faultOf('--check', '--variants', 'a'), /\(c\) is the image to judge/);
  assert.match(faultOf('--without', 'grub'), /grub is not one of read-ahead, programs/);
  assert.match(faultOf('--without', 'all', '--check'), /stands alone/);
  assert.match(faultOf('out/new.qcow2'), /out\/new.qcow2: not an option/);
  assert.match(faultOf('--check', 'one', 'two'), /two: not an option/);
  assert.match(faultOf('--colour'), /--colour/);
  assert.ok('isHelp' in parseOptions(['--help']));
});

test.run();
