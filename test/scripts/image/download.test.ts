// Downloads: checked, tried again where that helps, and nothing left behind when they fail.
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { downloadFile, HostUnreachable, probeUrl } from '../../../scripts/image/download.ts';
import { wrongSha256 } from '../../../scripts/image/binary-request.ts';
import { Failure } from '../../../scripts/terminal/failure.ts';
import { formatFailure } from '../../../scripts/terminal/steps.ts';
import { closedBase, startReleaseHost, type ReleaseHost } from '../../fakes/release-host.ts';
import { useTemporaryCache } from '../../fakes/temporary-cache.ts';

const url = 'https://github.com/containerd/containerd-2.3.6-linux-amd64.tar.gz';
const served = '/containerd/containerd-2.3.6-linux-amd64.tar.gz';
const content = Buffer.from('the release');
const sha256 = createHash('sha256').update(content).digest('hex');
const cache = await useTemporaryCache();
const label = 'containerd 2.3.6 amd64';

const download = async (base: string, want = sha256): Promise<string> =>
  downloadFile({
    url,
    sha256: want,
    label,
    bases: { 'github.com': base },
    onWrongSha256: (got, from) =>
      wrongSha256(label, 'containerd', { want, got, from, isDeleted: true }),
  });

/** Everything below the cache's downloads. */
const leftovers = async (): Promise<string[]> =>
  readdir(path.join(cache.folder, 'groundup/downloads'), { recursive: true }).catch(() => []);

const failureOf = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure');
};

let host: ReleaseHost;
test.before.each(async () => {
  host = await startReleaseHost();
  await rm(path.join(cache.folder, 'groundup'), { recursive: true, force: true });
});
test.after.each(async () => {
  await host.close();
});
test.after(async () => {
  await cache.remove();
});

test('a file is fetched once, then it is in the cache', async () => {
  host.routes.set(served, content);
  const file = await download(host.base);
  assert.is(path.basename(file), 'containerd-2.3.6-linux-amd64.tar.gz');
  assert.equal(await readFile(file), content);
  await download(host.base);
  assert.equal(host.asked, [served]);
});

test('wrong bytes: the exact text, nothing kept, and the next run works', async () => {
  const other = 'something else';
  const got = createHash('sha256').update(other).digest('hex');
  host.routes.set(served, other);
  const error = await failureOf(download(host.base));
  assert.instance(error, Failure);
  assert.is(
    formatFailure(error as Failure),
    `binaries   containerd 2.3.6 amd64: sha256 does not match images/pins.yaml
           want ${sha256.slice(0, 8)}…${sha256.slice(-6)}   got ${got.slice(0, 8)}…${got.slice(-6)}   from github.com, deleted
           hint: run again; if it repeats, the download is not the release that was pinned: npm run pins -- verify containerd`,
  );
  assert.equal(await leftovers(), []);
  host.routes.set(served, content);
  assert.equal(await readFile(await download(host.base)), content);
});

test('a host that answers 503 twice is asked a third time', async () => {
  host.routes.set(served, (response, tries) => {
    if (tries < 3) response.writeHead(503).end();
    else response.end(content);
  });
  assert.equal(await readFile(await download(host.base)), content);
  assert.is(host.asked.length, 3);
});

test('a file that is not there is a failure at once', async () => {
  const error = await failureOf(download(host.base));
  assert.is(error.message, 'containerd 2.3.6 amd64: github.com answers 404');
  assert.is(host.asked.length, 1);
  assert.equal(await leftovers(), []);
});

test('a transfer that always breaks off ends after three tries', async () => {
  host.routes.set(served, (response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('the rel');
    setTimeout(() => response.destroy(), 20);
  });
  const error = await failureOf(download(host.base));
  assert.is(
    error.message,
    'containerd 2.3.6 amd64: the download from github.com broke off 3 times',
  );
  assert.is((error as Failure).hint, 'run again; nothing was kept');
  assert.is(host.asked.length, 3);
  assert.equal(await leftovers(), []);
});

test('a host that does not listen is told apart from one that refuses', async () => {
  const base = await closedBase();
  const error = await failureOf(download(base));
  assert.instance(error, HostUnreachable);
  assert.is(error.message, 'github.com: no connection');
  assert.equal(await leftovers(), []);
});

test('probe: reachable, answering with an error, silent', async () => {
  host.routes.set(served, content);
  assert.is(await probeUrl(url, { 'github.com': host.base }), undefined);
  host.routes.set(served, (response) => void response.writeHead(403).end());
  assert.is(await probeUrl(url, { 'github.com': host.base }), 'answers 403');
  host.routes.set(served, () => {});
  assert.is(await probeUrl(url, { 'github.com': host.base }, 300), 'timed out');
  assert.is(await probeUrl(url, { 'github.com': await closedBase() }), 'no connection');
});

test('a full disk: what is free, nothing kept', async () => {
  if (process.geteuid?.() !== 0) return; // Only root can mount a small disk.
  const small = path.join(cache.folder, 'groundup');
  await mkdir(small, { recursive: true });
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'groundup-test', small]);
  try {
    host.routes.set(served, Buffer.alloc(4 * 2 ** 20));
    const error = await failureOf(download(host.base));
    assert.match(
      error.message,
      /^containerd 2\.3\.6 amd64: can't be written to the cache, \d MiB free$/,
    );
    assert.is(
      (error as Failure).hint,
      `free some space for ${small}, or set XDG_CACHE_HOME to a bigger disk; nothing was kept`,
    );
    assert.equal(await leftovers(), []);
  } finally {
    await execa('umount', [small]);
  }
});

test.run();
