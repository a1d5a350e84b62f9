// The agent as a process against services on loopback: the bundle in the QuickJS and curl of Debian
// 13, as on a node, and the sources in Node, so that both hosts are held against each other.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failureClasses } from '../../cloud-init/failure.ts';
import type { NodeNames } from '../../cloud-init/derive.ts';
import { filesWith, foldersWith } from '../../cloud-init/files.ts';
import { bundleAgent } from '../../scripts/image/agent.ts';
import { debianPrograms } from '../../scripts/image/debian-programs.ts';
import { runTool } from '../../scripts/project/tools.ts';
import {
  startInstance,
  type Engine,
  type LoopbackInstance,
} from '../../scripts/lab/loopback-instance.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'groundup-bundle-'));
await bundleAgent(folder);
const programsFolder = await debianPrograms();
const engines: Engine[] = [{ name: 'quickjs', folder, programsFolder }, { name: 'node' }];

const userData = 'name=worker-0|pod-cidr=172.20.0.0/24';
const worker = 'k8s-cluster-from-ground-up-worker-0';
const names = {
  identity: 'files',
  podNetwork: 'range',
  workerName: worker,
  nodeSecret: '',
  sharedSecret: '',
} as const;
const paths = filesWith(names).map((row) => row.path(names));

/** Mode, inode and time of each file: what a second run must leave alone. */
const marksOf = (root: string): Promise<string[]> =>
  Promise.all(
    paths.map(async (file) => {
      const { mode, ino, mtimeMs } = await stat(path.join(root, file));
      return `${file} ${(mode & 0o7777).toString(8)} ${ino} ${mtimeMs}`;
    }),
  );

const readNode = (root: string): Promise<string[]> =>
  Promise.all(paths.map((file) => readFile(path.join(root, file), 'utf8')));

const withInstance = async (
  text: string,
  work: (instance: LoopbackInstance) => Promise<void>,
): Promise<void> => {
  const instance = await startInstance(text);
  try {
    await work(instance);
  } finally {
    await instance.close();
  }
};

test('the programs are small and the same every time', async () => {
  const again = await mkdtemp(path.join(folder, 'again-'));
  await bundleAgent(again);
  const sizesMax = { 'agent.mjs': 160_000, 'ready.mjs': 80_000 };
  for (const [name, sizeMax] of Object.entries(sizesMax)) {
    const file = path.join(folder, name);
    const bytes = await readFile(file);
    assert.equal(await readFile(path.join(again, name)), bytes);
    assert.ok(bytes.length < sizeMax, `${name}: ${bytes.length} bytes`);
    assert.is((await stat(file)).mode & 0o777, 0o644);
  }
});

test('both engines write the same node', () =>
  withInstance(userData, async (instance) => {
    const written: string[][] = [];
    for (const engine of engines) {
      for (const file of paths) await rm(path.join(instance.root, file), { force: true });
      const { exitCode } = await instance.run(engine, 'configure');
      assert.is(exitCode, 0);
      written.push(await readNode(instance.root));
    }
    assert.equal(written[0], written[1]);
  }));

for (const podNetwork of ['imds-prefix', 'node', 'none'] as const)
  test(`quickjs writes the files of pod-cidr=${podNetwork}, and of another one after it`, () =>
    withInstance(`name=worker-0|pod-cidr=${podNetwork}`, async (instance) => {
      const [quickjs] = engines as [Engine];
      instance.instance.prefixes = ['172.31.0.64/28', '172.31.0.96/28'];
      const expectFiles = async (kind: NodeNames) => {
        const boot = await instance.run(quickjs, 'configure');
        assert.is(boot.exitCode, 0, boot.journal.join('\n'));
        for (const { path: pathOf, mode } of filesWith(kind))
          assert.is((await stat(path.join(instance.root, pathOf(kind)))).mode & 0o7777, mode);
        const found = await readdir(path.join(instance.root, 'etc'), { recursive: true });
        const expected = filesWith(kind).map((row) => row.path(kind));
        for (const file of found.filter((name) => /^cni\/.*\.conf|\.nft$/.test(name)))
          assert.ok(expected.includes(`/etc/${file}`), `${file} is left`);
      };
      await expectFiles({ ...names, podNetwork });
      instance.instance.userData = userData;
      await expectFiles(names);
    }));

const hooked = 'name=worker-0|pod-cidr=imds-prefix|lifecycle-hook=blue workers/1:ready';
const waiting = { group: 'blue workers/1', hook: 'ready' };

test('quickjs: a refused boot tells ABANDON, signed as the service of groups wants it', () =>
  withInstance(hooked, async (instance) => {
    const [quickjs] = engines as [Engine];
    const { instanceId } = instance.instance;
    instance.waitingHooks.set(instanceId, waiting);
    const boot = await instance.run(quickjs, 'configure');
    assert.is(boot.exitCode, 65);
    assert.match(
      boot.console.join('\n'),
      /error\[no-prefixes\].*; nothing was written; ABANDON sent$/,
    );
    assert.equal(instance.lifecycleActions, [{ instanceId, ...waiting, result: 'ABANDON' }]);
    const again = await instance.run(quickjs, 'configure');
    assert.match(again.console.join('\n'), '; no hook waits for ABANDON');
  }));

test('quickjs: prepared in a warm pool, told CONTINUE, started by the wake', () =>
  withInstance(hooked, async (loopback) => {
    const { instance, waitingHooks, lifecycleActions } = loopback;
    const [quickjs] = engines as [Engine];
    Object.assign(instance, { prefixes: ['172.31.0.64/28'], lifecycleState: 'Warmed:Running' });
    const boot = await loopback.run(quickjs, 'configure');
    assert.is(boot.exitCode, 0, boot.journal.join('\n'));
    assert.equal(boot.systemctl, ['start --no-block groundup-warm.service']);
    waitingHooks.set(instance.instanceId, waiting);
    const wake = setInterval(() => {
      if (lifecycleActions.length > 0) instance.lifecycleState = 'InService';
    }, 100);
    const wait = await loopback
      .run(quickjs, 'warm', { timeScale: 20 })
      .finally(() => clearInterval(wake));
    assert.is(wait.exitCode, 0, wait.journal.join('\n'));
    assert.equal(lifecycleActions, [
      { instanceId: instance.instanceId, ...waiting, result: 'CONTINUE' },
    ]);
    assert.equal(wait.systemctl, [
      'start --no-block groundup-pod-network.service kubelet.service groundup-ready.service',
    ]);
  }));

for (const engine of engines) {
  test(`${engine.name}: first boot, second boot, rotated secret`, () =>
    withInstance(userData, async (instance) => {
      const { root } = instance;
      const boot = await instance.run(engine, 'configure');
      const told = `<6>groundup: ${worker} is node ip-172-31-0-20`;
      assert.equal(boot, {
        exitCode: 0,
        journal: [`${told} (11 files written)`],
        console: [],
        systemctl: ['restart --no-block kubelet.service groundup-ready.service'],
      });
      for (const { path: name, mode } of foldersWith(names))
        assert.is((await stat(path.join(root, name))).mode & 0o777, mode === 0o755 ? 0o755 : mode);
      const before = await marksOf(root);
      for (const [index, { mode }] of filesWith(names).entries())
        assert.match(before[index] as string, ` ${mode.toString(8)} `);

      const second = await instance.run(engine, 'configure');
      assert.equal(second.journal, [`${told} (nothing has changed)`]);
      assert.match(second.systemctl[0] ?? '', /^start /);
      assert.equal(await marksOf(root), before);

      instance.fields.shared['ca.pem'] = `${String(instance.fields.shared['ca.pem'])}\n`;
      instance.putSecrets();
      const third = await instance.run(engine, 'configure');
      assert.equal(third.journal, [`${told} (1 file written)`]);
      const changed = (await marksOf(root)).filter((mark) => !before.includes(mark));
      assert.is(changed.length, 1);
      assert.match(changed[0] as string, /^\/var\/lib\/kubernetes\/ca\.pem 600 /);
    }));

  test(`${engine.name}: a umask changes nothing`, () =>
    withInstance(userData, async (instance) => {
      const old = process.umask(0o077);
      try {
        assert.is((await instance.run(engine, 'configure')).exitCode, 0);
      } finally {
        process.umask(old);
      }
      const marks = await marksOf(instance.root);
      for (const [index, { mode }] of filesWith(names).entries())
        assert.match(marks[index] as string, ` ${mode.toString(8)} `);
    }));

  test(`${engine.name}: user-data in bytes that are no text`, () =>
    withInstance('', async (instance) => {
      // No user-data at all is 404.
      const none = await instance.run(engine, 'configure');
      assert.is(none.exitCode, 0);
      const userDataBytes = '\u001F\u008B\b\u0000\u00FF';
      instance.intercepts.imds = (url) =>
        url === '/latest/user-data' ? { status: 200, body: userDataBytes } : undefined;
      const run = await instance.run(engine, 'configure');
      const line =
        'groundup: NOT configured: error[not-unpacked] user-data:1:1 base64, gzip and MIME must be ' +
        'whole; this gzip is cut short or damaged (pack it again, or write the line as it is: ' +
        'user-data is no secret); nothing was written';
      assert.equal(run, {
        exitCode: 65,
        journal: [`<3>${line}`],
        console: [line],
        systemctl: [],
      });
      assert.is(
        await stat(path.join(instance.root, paths[0] as string)).catch(() => 'absent'),
        'absent',
      );
    }));

  const failures: {
    name: string;
    failureClass: keyof typeof failureClasses;
    says: string;
    spoil: (instance: LoopbackInstance) => void;
  }[] = [
    {
      name: 'a token that is refused',
      failureClass: 'imds',
      says: 'instance metadata: user-data: HTTP 401: a new token was refused, too; nothing was written',
      spoil: ({ intercepts }) => {
        intercepts.imds = (url) => (url === '/latest/user-data' ? { status: 401 } : undefined);
      },
    },
    {
      name: 'user-data with umlauts',
      failureClass: 'user-data',
      says:
        'error[look-alike] user-data:1:7 name: keys and values are plain ASCII; ' +
        '"ö" is U+00F6, not o (type it anew: worker); nothing was written',
      spoil: ({ instance }) => {
        instance.userData = 'name=wörker|pod-cidr=172.20.0.0/24';
      },
    },
    {
      name: 'a secret that does not exist',
      failureClass: 'secret-missing',
      says:
        'secret k8s/k8s-cluster-from-ground-up/worker-0 not found ' +
        '(ResourceNotFoundException, 1 try); nothing was written',
      spoil: ({ secrets }) => void secrets.delete('k8s/k8s-cluster-from-ground-up/worker-0'),
    },
    {
      name: 'a certificate that is none',
      failureClass: 'secret-content',
      says: `secret k8s/k8s-cluster-from-ground-up/worker-0: ${worker}.pem is not a PEM certificate (`,
      spoil: (instance) => {
        const text = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
        instance.fields.node[`${worker}.pem`] = text;
        instance.putSecrets();
      },
    },
    {
      name: 'a signature that is refused',
      failureClass: 'secrets-denied',
      says: 'Secrets Manager answers UnrecognizedClientException: ',
      spoil: ({ intercepts }) => {
        const body = JSON.stringify({ AccessKeyId: 'A', SecretAccessKey: 'B', Token: 'C' });
        intercepts.imds = (url) =>
          url.endsWith('/groundup-worker') ? { status: 200, body } : undefined;
      },
    },
  ];
  for (const { name, failureClass, says, spoil } of failures)
    test(`${engine.name}: failure: ${name}`, () =>
      withInstance(userData, async (instance) => {
        spoil(instance);
        const run = await instance.run(engine, 'configure');
        assert.is(run.exitCode, failureClasses[failureClass].exitCode);
        assert.is(run.console.length, 1);
        assert.is(
          run.console[0]?.startsWith(`groundup: NOT configured: ${says}`),
          true,
          run.console[0],
        );
        assert.equal(run.journal, [`<3>${run.console[0]}`]);
        assert.equal(run.systemctl, []);
        for (const file of [...paths, '/var/lib/kubelet'])
          assert.is(await stat(path.join(instance.root, file)).catch(() => 'absent'), 'absent');
      }));

  test(`${engine.name}: a disk without room leaves nothing half-written`, () =>
    withInstance(userData, async (instance) => {
      const disk = path.join(instance.root, 'var/lib');
      const mount = (args: string[]) =>
        runTool(args[0] as string, args.slice(1), { step: 'mount', timeoutMs: 10_000 });
      await mount(['mount', '-t', 'tmpfs', '-o', 'size=16k,mode=755', 'small', disk]);
      try {
        const run = await instance.run(engine, 'configure');
        assert.is(run.exitCode, failureClasses.write.exitCode);
        assert.match(
          run.console[0] ?? '',
          /^groundup: NOT configured: \/var\/lib\/.*\.groundup-new: No space left on device; nothing was written$/,
        );
        for (const file of [...paths, '/etc/cni/net.d', '/var/lib/kubernetes'])
          assert.is(await stat(path.join(instance.root, file)).catch(() => 'absent'), 'absent');
      } finally {
        await mount(['umount', disk]);
      }
    }));

  test(`${engine.name}: an unknown command`, () =>
    withInstance(userData, async (instance) => {
      const run = await instance.run(engine, 'reconfigure');
      assert.is(run.exitCode, failureClasses.usage.exitCode);
      assert.equal(run.journal, ['<3>groundup: usage: agent.mjs configure|warm']);
      assert.equal(instance.requests, []);
    }));
}

test.after(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.run();
