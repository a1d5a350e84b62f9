// An instance in a warm pool: everything is written, nothing registers, until the group wants it.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { preReadPaths, warm } from '../../cloud-init/warm.ts';
import type { FakeHost, FakeResponse } from '../fakes/host.ts';
import {
  createNode,
  environment,
  goodUserData,
  outputOf,
  type NodeOptions,
} from '../fakes/node.ts';

const userData = `${goodUserData}|group-size=1`;
const hooked = `${userData}|lifecycle-hook=workers:ready`;
const statePath = 'meta-data/autoscaling/target-lifecycle-state';

interface Pool {
  host: FakeHost;
  told: string[];
  /** How often the state was asked for. */
  asked: () => number;
}

/** `states`: what the metadata service says, one after the other; the last one stays. */
const createInPool = (states: (string | number)[], options: NodeOptions = {}): Pool => {
  const told: string[] = [];
  let asked = 0;
  const host = createNode({
    userData,
    imds: (path): FakeResponse | undefined => {
      if (path !== statePath) return undefined;
      const state = states[Math.min(asked, states.length - 1)] ?? 'InService';
      asked += 1;
      return typeof state === 'string' ? { status: 200, body: state } : { status: state };
    },
    autoscaling: (_, config) => {
      told.push(/LifecycleActionResult=(\w+)/.exec(config)?.[1] ?? '');
      return { status: 200, body: '<CompleteLifecycleActionResponse/>' };
    },
    programs: { dd: () => ({ exitCode: 0 }) },
    ...options,
  });
  return { host, told, asked: () => asked };
};

const started = ({ ran }: FakeHost): string[] =>
  ran
    .filter((line) => /^systemctl (?:re)?start/.test(line))
    .map((line) => line.replace('systemctl ', ''));

for (const state of ['Warmed:Stopped', 'Warmed:Running', 'Warmed:Hibernated'])
  test(`${state}: every file is written and the kubelet is held`, () => {
    const { host } = createInPool([state]);
    assert.is(configure(host, environment), 0, outputOf(host));
    assert.equal(started(host), ['start --no-block groundup-warm.service']);
    assert.ok(host.entries.has('/var/lib/kubelet/kubeconfig'));
    // cloud-init has no node to leave time to.
    assert.not.ok(host.entries.has('/run/groundup/node'));
    assert.is(
      host.journal.at(-1),
      `info: groundup: k8s-cluster-from-ground-up-worker-0 is prepared as node ip-172-31-0-20 (11 files written), and ${state}: the kubelet is held`,
    );
    assert.match(host.entries.get('/run/groundup/state.json')?.content ?? '', '"prepared"');
  });

test('the boot that says InService starts the kubelet with the files of the first one', () => {
  const { host } = createInPool(['Warmed:Stopped', 'InService']);
  configure(host, environment);
  host.ran.length = 0;
  assert.is(configure(host, environment), 0, outputOf(host));
  assert.equal(started(host), ['start --no-block kubelet.service groundup-ready.service']);
  assert.match(host.journal.at(-1) ?? '', 'nothing has changed');
});

test('in the pool: binaries are read, the hook is told, and the wake starts the kubelet', () => {
  const pool = createInPool(['Warmed:Running', 'Warmed:Running', 'Warmed:Running', 'InService'], {
    userData: hooked,
  });
  const { host, told } = pool;
  configure(host, environment);
  host.ran.length = 0;
  assert.is(warm(host, environment), 0, outputOf(host));
  const read = host.ran.filter((line) => line.startsWith('dd '));
  assert.equal(
    read,
    preReadPaths.map((path) => `dd if=${path} of=/dev/null bs=1M status=none`),
  );
  assert.equal(told, ['CONTINUE']);
  assert.equal(started(host), ['start --no-block kubelet.service groundup-ready.service']);
  const journal = host.journal.map((line) => line.replace(/^\w+: groundup: /, ''));
  assert.equal(journal.slice(1), [
    'prepared; CONTINUE sent',
    'this instance is on its way to InService',
    'k8s-cluster-from-ground-up-worker-0 is node ip-172-31-0-20 (nothing has changed)',
  ]);
});

test('a pool of days: one question every 2.5 to 7.5 s, with a token that is renewed', () => {
  const polls = 1000;
  const states = [...Array.from({ length: polls }, () => 'Warmed:Running'), 401, 'InService'];
  const { host, asked } = createInPool(states);
  configure(host, environment);
  host.sleepsMs.length = 0;
  assert.is(warm(host, environment), 0, outputOf(host));
  assert.ok(asked() >= polls);
  for (const sleepMs of host.sleepsMs) assert.ok(sleepMs >= 2500 && sleepMs <= 7500, `${sleepMs}`);
});

test('an instance that the pool terminates starts nothing', () => {
  const { host } = createInPool(['Warmed:Stopped', 'Warmed:Stopped', 'Terminated']);
  configure(host, environment);
  host.ran.length = 0;
  assert.is(warm(host, environment), 0);
  assert.equal(started(host), []);
});

test('started again on its way into service, it tells the hook nothing', () => {
  const { host, told } = createInPool(['Warmed:Running', 'InService'], { userData: hooked });
  configure(host, environment);
  assert.is(warm(host, environment), 0);
  assert.equal(told, []);
  assert.is(host.ran.filter((line) => line.startsWith('dd ')).length, 0);
});

test('a metadata service that is gone ends the watch with its class, for systemd to start it again', () => {
  const { host } = createInPool(['Warmed:Running', 503]);
  configure(host, environment);
  assert.is(warm(host, environment), 69);
  assert.match(host.consoleLines.at(-1) ?? '', 'groundup: NOT watching the warm pool: ');
});

test('a binary that cannot be read ahead is no reason to stop', () => {
  const { host, told } = createInPool(['Warmed:Stopped', 'Warmed:Stopped', 'InService'], {
    userData: hooked,
    programs: { dd: () => ({ exitCode: 1, stderr: 'dd: failed to open\n' }) },
  });
  configure(host, environment);
  assert.is(warm(host, environment), 0);
  assert.equal(told, ['CONTINUE']);
  assert.match(
    host.journal.join('\n'),
    'warning: groundup: reading /usr/local/bin/kubelet ahead: dd',
  );
});

test('a preparation that fails in the pool is told as ABANDON', () => {
  const { host, told } = createInPool(['Warmed:Stopped'], { userData: hooked, secretFields: {} });
  assert.is(configure(host, environment), 66);
  assert.equal(told, ['ABANDON']);
  assert.equal(started(host), []);
});

test.run();
