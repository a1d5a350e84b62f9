// One worker, a canary in every secret: after boot, crashes and shutdown each is in its own file alone.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { registryHost, vpc, workerAddresses } from '../../scripts/lab/addresses.ts';
import type { Lab } from '../../scripts/lab/lab.ts';
import { ask, type WorkerStatus } from '../../scripts/lab/protocol.ts';
import { startLab } from '../../scripts/lab/start.ts';
import { outputFolder } from '../../scripts/project/paths.ts';
import { runTool } from '../../scripts/project/tools.ts';
import { createSteps } from '../../scripts/terminal/steps.ts';
import { filesAt, scanFile } from '../images/disk.ts';
import { findNeedles, issuedNeedle, type Needle } from './canary/needles.ts';
import { collectScript, crashScript, leakScript } from './canary/node.ts';
import { readFlows } from './canary/packets.ts';
import { plantCanaries } from './canary/plant.ts';
import { addSampler } from './canary/sampler.ts';
import {
  isOwnFile,
  isSeen,
  leakNeedles,
  leaks,
  lookIn,
  wrongOf,
  type Sighting,
} from './canary/sightings.ts';

/**
 * cloud-init keeps its data source as a Python object, the token that it asked for included, and writes
 * it anew in each of its stages: what the file was before is in blocks that are free. The token is for this
 * instance alone and ends after six hours; who can read the file, or the disk, can ask for another.
 */
const cloudInitCache = `/var/lib/cloud/instances/${workerAddresses(0).instanceId}/obj.pkl`;

let lab: Lab;
let worker: WorkerStatus;
let folder = '';
let needles: Needle[] = [];
let capture: ReturnType<Lab['start']> | undefined;
const capturePath = () => path.join(folder, 'capture.pcap');

const onWorker = async (script: string, timeoutMs = 120_000): Promise<string> => {
  const { stdout, stderr, exitCode } = await lab.ssh(worker.address, script, timeoutMs);
  assert.is(exitCode, 0, stderr);
  return stdout;
};

const look = (bytes: Buffer, place: string): Sighting[] => lookIn(bytes, needles, place);

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-canary-'));
  const { settings, image } = await newestManifest(outputFolder);
  const imageFile = await addSampler(path.join(outputFolder, image), folder, leaks);
  const name = `test-${process.pid}`;
  ({ lab } = await startLab({ name, settings, imageFile, steps: createSteps() }));
  capture = lab.start(
    ['tcpdump', '-i', vpc.bridge, '-s', '0', '-U', '-Z', 'root', '-w', capturePath()],
    { timeoutMs: 20 * 60_000 },
  );
  worker = await lab.addWorker({ index: 0, imageFile });
  // The machine takes seconds before it can ask.
  needles = await plantCanaries(lab);
});

test.after(async () => {
  capture?.kill('SIGKILL');
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('the node is Ready, and each canary is in its own file', async () => {
  await lab.waitReady(worker);
  const endMs = performance.now() + 240_000;
  for (;;) {
    const { stdout } = await lab.ssh(
      worker.address,
      'systemctl is-active groundup-cloud-init',
      20_000,
    );
    if (stdout.trim() === 'active') break;
    assert.ok(performance.now() < endMs, 'no login, or cloud-init does not end');
    await sleep(2000);
  }
  const files = [...new Set(needles.flatMap(({ allowed }) => allowed))];
  const text = await onWorker(
    files.map((file) => `echo @@${file}; base64 --wrap=0 ${file}; echo`).join('\n'),
  );
  const contents = new Map(
    text
      .split('@@')
      .slice(1)
      .map((part) => [part.split('\n')[0] ?? '', Buffer.from(part.split('\n')[1] ?? '', 'base64')]),
  );
  for (const { name, bytes, allowed } of needles)
    for (const file of allowed) assert.ok(contents.get(file)?.includes(bytes), `${name}: ${file}`);
});

test('programs crash while they hold the key', async () => {
  const said = await onWorker(crashScript, 240_000);
  assert.equal(said.trim().split('\n'), [
    'groundup.service crashed with the key in its memory',
    'kubelet.service crashed with the key in its memory',
    'kubelet told where it was',
  ]);
});

test('a leak in every place', async () => {
  await onWorker(leakScript(leaks, registryHost));
});

test('what the metadata service gave out is looked for, too', async () => {
  const { credentials, tokens } = await ask(lab.folder, 'issued', null);
  needles.push(
    issuedNeedle("the role's secret key", credentials.secretAccessKey),
    issuedNeedle("the role's session token", credentials.sessionToken),
    ...tokens.map(({ token, userAgent }, index) => ({
      ...issuedNeedle(`metadata token ${index + 1}, asked for by ${userAgent}`, token),
      allowed: userAgent.startsWith('Cloud-Init/') ? [cloudInitCache] : [],
    })),
  );
  for (const { name, bytes } of needles) assert.ok(bytes.length >= 8, name);
  for (const asker of ['curl/', 'Cloud-Init/'])
    assert.ok(
      tokens.some(({ userAgent }) => userAgent.startsWith(asker)),
      asker,
    );
  const mode = await onWorker(`stat --format='%a %U' ${cloudInitCache}`);
  assert.match(mode.trim(), /^[46]00 root$/);
});

test('console', async () => {
  const found = look(Buffer.from(await lab.consoleOf(worker)), 'console');
  isSeen(found, 'console', /^console$/);
  assert.equal(wrongOf(found), []);
});

test('journal, processes, state, timeline, logs and cloud-init', async () => {
  const archive = path.join(folder, 'node.tar');
  const tree = path.join(folder, 'tree');
  await mkdir(tree, { mode: 0o700 });
  await writeFile(archive, Buffer.from(await onWorker(collectScript), 'base64'), { mode: 0o600 });
  await runTool('tar', ['-x', '-f', archive, '-C', tree], { step: 'canary', timeoutMs: 60_000 });
  const found: Sighting[] = [];
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    found.push(...look(await readFile(file), file.slice(tree.length)));
  }
  isSeen(found, 'argument', /^\/run\/canary\/processes$/);
  isSeen(found, 'environment', /^\/run\/canary\/processes$/);
  isSeen(found, 'journal', /^\/run\/canary\/journal$/);
  isSeen(found, 'state', /^\/run\/groundup\/canary$/);
  isSeen(found, 'cloudInit', /^\/var\/lib\/cloud\/canary$/);
  isSeen(found, 'core', /^\/var\/tmp\/canary-core/);
  const samples = await readFile(path.join(tree, 'run/canary/processes'), 'latin1');
  for (const program of [
    /^cmdline .*agent\.mjs configure/m,
    /^cmdline curl /m,
    /^cmdline .*kubelet/m,
  ])
    assert.match(samples, program, 'the sampler saw the boot');
  const state = await readdir(path.join(tree, 'var/lib/groundup'));
  assert.ok(state.includes('timeline.jsonl'), 'the state was searched');
  assert.equal(wrongOf(found), []);
});

test("packets: the role's credentials and tokens between this node and the metadata service alone", async () => {
  capture?.kill('SIGTERM');
  await capture;
  const flows = readFlows(await readFile(capturePath()));
  const metadata = `${vpc.metadata}:80`;
  const found = flows.flatMap(({ from, to, bytes }) => look(bytes, `${from} > ${to}`));
  isSeen(found, 'packet', new RegExp(`> ${registryHost}$`));
  const isMetadata = ({ place }: Sighting) => place.split(' > ').includes(metadata);
  // The protocol is plain HTTP on a link-local address that the hypervisor answers.
  const isAllowed = (one: Sighting): boolean => one.needle.isIssued && isMetadata(one);
  assert.ok(found.filter(isAllowed).length > 2, 'the search finds what is on the wire');
  assert.ok(
    flows.some(({ to }) => to === `${vpc.secretsManager}:443`),
    'and saw the secrets pass',
  );
  assert.equal(wrongOf(found, isAllowed), []);
});

test('the disk after shutdown, free blocks included', async () => {
  await lab.ssh(worker.address, 'systemctl poweroff', 20_000);
  const endMs = performance.now() + 120_000;
  while ((await lab.workers())[0]?.running !== false) {
    assert.ok(performance.now() < endMs, 'the node does not shut down');
    await sleep(1000);
  }
  const raw = path.join(folder, 'disk.raw');
  const disk = path.join(path.dirname(worker.consoleFile), 'disk.qcow2');
  await runTool('qemu-img', ['convert', '-O', 'raw', disk, raw], {
    step: 'canary',
    timeoutMs: 180_000,
  });
  const { found: hits } = await scanFile(raw, 256, (bytes) =>
    findNeedles(bytes, [...needles, ...leakNeedles]).map(({ needle, at }) => ({
      at,
      name: needle.name,
    })),
  );
  const places = await filesAt(
    raw,
    hits.map(({ at }) => at),
  );
  const byName = new Map([...needles, ...leakNeedles].map((one) => [one.name, one]));
  const found = hits.map(({ name }, index) => ({
    needle: byName.get(name) as Needle,
    place: places[index] ?? '',
  }));
  isSeen(found, 'cloudInit', /^\/var\/lib\/cloud\/canary$/);
  isSeen(found, 'core', /^\/var\/tmp\/canary-core/);
  isSeen(found, 'freed', /^free block/);
  const own = new Set(found.filter(isOwnFile).map(({ needle }) => needle.name));
  for (const { name, allowed, isIssued } of needles)
    assert.ok(own.has(name) || isIssued || allowed.length === 0, `${name} is not even in its file`);
  const isOfCloudInit = ({ needle, place }: Sighting) =>
    needle.allowed.includes(cloudInitCache) && place.startsWith('free block');
  const wrong = wrongOf(found, (one) => isOwnFile(one) || isOfCloudInit(one));
  console.log(
    `\n# canaries: ${needles.length} looked for, ${wrong.length} on the disk outside their files`,
  );
  assert.equal(wrong, []);
});

test.run();
