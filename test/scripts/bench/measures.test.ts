// What each measure saves and costs, and the scripts that undo one on a disk.
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { measureHeader, measureRows } from '../../../scripts/bench/measure-table.ts';
import { costsOf, measureIds, measures } from '../../../scripts/bench/measures.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { runTool } from '../../../scripts/project/tools.ts';
import { bootsOf, readyIn, runOf } from './boots.ts';

test('every file that a measure names is there', async () => {
  for (const id of measureIds) for (const file of measures[id].files) await access(inProject(file));
});

test('a row says what a boot has more without the measure', () => {
  const boots = [
    ...readyIn('ours', 'warm', [24, 25], { touchedMib: 110 }),
    ...readyIn('ours', 'cold', [26, 27], { touchedMib: 110 }),
    ...readyIn('programs', 'warm', [25, 24.5], { touchedMib: 190, readMib: 280 }),
    ...readyIn('programs', 'cold', [31, 33], { touchedMib: 190, readMib: 280 }),
    ...bootsOf('units', 'warm', [{ processes: 141 }, { processes: 143 }]),
  ];
  const costs = {
    programs: { imageMib: -183.1, cpuMs: 195, lines: 111 },
    units: { imageMib: 0, lines: 69 },
  };
  const [programs, units, ...none] = measureRows(runOf(boots, { costs }));
  assert.equal(none, []);
  assert.equal(programs, [
    'programs',
    measures.programs.text,
    ...['80.0', '80.0', '0', '0.3 (-0.5 to 1.0)', '5.5 (5.0 to 6.0)', '-183.1', '195', '111'],
  ]);
  assert.equal(units?.slice(2), ['0.0', '0.0', '52', '-0.5 (-1.0 to 0.0)', '', '0.0', '', '69']);
  assert.is(measureHeader.length, programs?.length);
  assert.equal(measureRows(runOf(readyIn('c', 'warm', [24]))), []);
});

test('costs are what the scripts printed', async () => {
  const printed = new Map([
    ['ours', 'read-ahead 60\nprograms 195\nused 104857600'],
    ['programs', 'Extracting...\nused 209715200'],
    ['modules', 'used 103809024'],
  ]);
  const { programs, modules, ...others } = await costsOf(printed);
  assert.equal(others, {});
  assert.is(programs?.imageMib, -100);
  assert.is(programs?.cpuMs, 195);
  assert.ok((programs?.lines ?? 0) > 50);
  assert.equal([modules?.imageMib, modules?.cpuMs], [1, undefined]);
});

/** A root on a disk of its own, with as much of an image as the scripts change. */
const onDisk = async (commands: string): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-without-'));
  const script = `
    set -eu
    truncate --size 64M "$1/disk"
    mkfs.ext4 -q "$1/disk"
    root=$1/root
    mkdir "$root"
    mount -o loop "$1/disk" "$root"
    groundup=$root/usr/lib/groundup units=$root/etc/systemd/system
    mkdir -p "$groundup/system" "$units" "$root/etc/modprobe.d"
    fill() { head --bytes "$2" /dev/urandom >"$groundup/$1"; sync; }
    ranges_of() { filefrag -v "$groundup/$1" | awk '/^ +[0-9]+: +[0-9]+\\.\\. / { gsub(/[.:]/, " "); print $4 * 4096, ($5 + 1) * 4096 }'; }
    covers() {
      ranges_of "$1" | while read -r from to; do
        awk -v from="$from" -v to="$to" '$1 <= from && $1 + $2 >= to { found = 1 } END { exit !found }' "$groundup/read-ahead" ||
          echo "$1 is not read ahead"
      done
    }
    ${commands}
    umount "$root"`;
  try {
    const args = ['--mount', 'sh', '-c', script, 'sh', folder];
    return await runTool('unshare', args, { step: 'test', timeoutMs: 60_000, cwd: inProject('.') });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

test('what takes the place of a file that was read ahead is read ahead, and it no longer', async () => {
  const printed = await onDisk(`
    fill system.erofs 3M; fill kept 2M; fill system/one 3M; fill system/two 700K
    gone=$(ranges_of system.erofs)
    { ranges_of system.erofs; ranges_of kept; } |
      awk '{ from = int($1 / 524288); to = int(($2 + 524287) / 524288); print from * 524288, (to - from) * 524288 }' >"$groundup/read-ahead"
    covers kept
    scripts/bench/without.sh "$root" system
    covers system/one; covers system/two; covers kept
    ls "$groundup"
    echo "$gone" | while read -r from to; do
      awk -v from="$from" -v to="$to" '$1 + $2 > from + 524288 && $1 < to - 524288 { print "still read ahead" }' "$groundup/read-ahead"
    done`);
  assert.is(printed.replace(/^used \d+$/m, 'used'), 'used\nkept\nread-ahead\nsystem');
});

test('units, generators and modules are as Debian has them, kube-proxy comes with the kubelet', async () => {
  const printed = await onDisk(`
    names() { sed -e '/^#/d' -e 's/ .*//' "images/provision/$1"; }
    mkdir -p "$root/etc/systemd/system-generators"
    names masked-units.txt | while read -r name; do ln -s /dev/null "$units/$name"; done
    names masked-generators.txt | while read -r name; do ln -s /dev/null "$root/etc/systemd/system-generators/$name"; done
    ln -s /dev/null "$units/of-somebody-else.service"
    mkdir "$units/systemd-udev-trigger.service.d"; touch "$units/systemd-udev-trigger.service.d/groundup.conf"
    touch "$root/etc/modprobe.d/groundup-unused.conf" "$groundup/read-ahead"
    cp images/rootfs/usr/lib/groundup/deferred-cloud-init "$groundup/"
    for measure in devices units modules kube-proxy cloud-init; do scripts/bench/without.sh "$root" "$measure" >"$root/said"; done
    (cd "$root/etc" && find . -type f -o -type l) | sort
    grep nowhere "$groundup/deferred-cloud-init"
    status=0
    scripts/bench/without.sh "$root" nothing 2>&1 || status=$?
    echo "$status"`);
  assert.equal(printed.split('\n'), [
    './systemd/system-generators/cloud-init-generator',
    './systemd/system/kubelet.service.d/kube-proxy.conf',
    './systemd/system/of-somebody-else.service',
    'if [ -e /nowhere ]; then',
    'nothing: not a measure',
    '2',
  ]);
});

test('the script knows each measure', async () => {
  const script = await readFile(inProject('scripts/bench/without.sh'), 'utf8');
  const known = Array.from(script.matchAll(/^([a-z-]+)\)/gm), ([, id = '']) => id);
  assert.equal(known.toSorted(), measureIds.toSorted());
});

test.run();
