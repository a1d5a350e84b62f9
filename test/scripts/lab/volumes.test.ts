// A volume's process as the supervisor has it: started beside a worker, asked, ended.
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Volumes } from '../../../scripts/lab/volumes.ts';
import { failureOf } from '../../fakes/failure-of.ts';

const timeoutMs = 60_000;
const model = { latencyMs: 1, inFlightMax: 8 };
let folder = '';
let imageFile = '';

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-volumes-'));
  imageFile = path.join(folder, 'image.qcow2');
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', imageFile, '8M'], { timeout: timeoutMs });
  await execa('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 1M 1M', imageFile], {
    timeout: timeoutMs,
  });
});
test.after(() => rm(folder, { recursive: true }));

const io = async (socketFile: string, command: string): Promise<string> => {
  const args = ['-f', 'raw', '-c', command, `nbd+unix:///?socket=${socketFile}`];
  return (await execa('qemu-io', args, { timeout: timeoutMs })).stdout;
};

test('each worker has a volume of its own of the one raw image', async () => {
  const volumes = new Volumes(folder);
  const [first = '', second = ''] = await Promise.all(
    ['worker-0', 'worker-1'].map((name) => volumes.attach(name, imageFile, model)),
  );
  assert.is((await readdir(path.join(folder, 'images'))).length, 1);
  await io(first, 'write -P 9 1M 4k');
  assert.not.match(await io(first, 'read -P 9 1M 4k'), /verification failed/);
  assert.not.match(await io(second, 'read -P 7 1M 1M'), /verification failed/);
  const { touchedBlocks, touchedBytes } = await volumes.statistics('worker-1');
  assert.equal([touchedBlocks, touchedBytes], [2, 1024 ** 2]);
  const touches = await volumes.touches('worker-0');
  assert.equal(
    touches.map(({ block, kind }) => [block, kind]),
    [[2, 'write']],
  );
  const raw = volumes.imageFile('worker-0');
  assert.is(raw, volumes.imageFile('worker-1'));
  await Promise.all(['worker-0', 'worker-1'].map((name) => volumes.detach(name)));
  const log = await readFile(path.join(folder, 'worker-1/touches.jsonl'), 'utf8');
  assert.equal(
    log
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { block: number }).block),
    [2, 3],
  );
  await access(raw);
  assert.match(await failureOf((async () => volumes.touches('worker-0'))()), /warm volume/);
});

test('an image that is none says so', async () => {
  const volumes = new Volumes(folder);
  await writeFile(path.join(folder, 'broken.qcow2'), 'not an image');
  const broken = volumes.attach('worker-2', path.join(folder, 'broken.qcow2'), model);
  assert.match(await failureOf(broken), /qemu-img/);
  const absent = volumes.attach('worker-2', path.join(folder, 'absent.raw'), model);
  assert.match(await failureOf(absent), /volume/);
});

test.run();
