// An image -> the same one with a sampler in it: each command line and environment that a boot has.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { partitionOffsetBytes } from '../../../scripts/image/boot-disk.ts';
import { runTool } from '../../../scripts/project/tools.ts';

/** On a file system in memory: what was sampled is on no disk. */
export const sampleFolder = '/run/canary';

/**
 * Looks at every process some 20 times a second; a new command line has its environment read, too.
 * No quote, backslash, `$` or `%`: systemd has meanings for them.
 */
const script = `
const nul = String.fromCharCode(0), end = String.fromCharCode(10);
const buffer = new ArrayBuffer(32768), known = new Map(), seen = new Set();
const out = std.open("${sampleFolder}/processes", "w");
const read = (path) => {
  const fd = os.open(path, os.O_RDONLY);
  if (!(fd >= 0)) return "";
  const length = os.read(fd, buffer, 0, 32768);
  os.close(fd);
  let text = "";
  for (const byte of new Uint8Array(buffer, 0, Math.max(0, length))) text += String.fromCharCode(byte);
  return text.split(nul).join(" ");
};
const note = (line) => {
  if (seen.has(line)) return;
  seen.add(line);
  out.puts(line + end);
  out.flush();
};
for (;;) {
  for (const pid of os.readdir("/proc")[0]) {
    if (!(pid > "0") || pid > ":") continue;
    if (known.get(pid) === "") continue;
    const line = read("/proc/" + pid + "/cmdline");
    if (known.get(pid) === line) continue;
    known.set(pid, line);
    note("cmdline " + line);
    note("environ " + read("/proc/" + pid + "/environ"));
  }
  os.sleep(40);
}
`
  .trim()
  .replaceAll('\n', ' ');

const unit = (lines: readonly string[]): string =>
  ['[Unit]', 'DefaultDependencies=no', 'Conflicts=shutdown.target', '[Service]', ...lines, ''].join(
    '\n',
  );

const units = (leaks: { argument: string; environment: string }): Record<string, string> => ({
  'canary-sampler.service': unit([
    'RuntimeDirectory=canary',
    'RuntimeDirectoryMode=0700',
    'RuntimeDirectoryPreserve=yes',
    `ExecStart=/usr/bin/qjs --std -e '${script}'`,
  ]),
  'canary-leak.service': unit([
    `Environment=LEAK=${leaks.environment}`,
    `ExecStart=/bin/sh -c 'sleep 300; : ${leaks.argument}'`,
  ]),
});

/**
 * Makes `<folder>/sampled.qcow2`, which needs `<folder>/sampled.raw` beside it. The leaks are on a
 * command line and in an environment of its boots, so that the sampler must find them.
 */
export const addSampler = async (
  imageFile: string,
  folder: string,
  leaks: { argument: string; environment: string },
): Promise<string> => {
  const step = 'canary';
  const timeoutMs = 120_000;
  const [raw, image] = ['sampled.raw', 'sampled.qcow2'].map((name) => path.join(folder, name));
  if (raw === undefined || image === undefined) throw new Error('two names');
  await runTool('qemu-img', ['convert', '-O', 'raw', imageFile, raw], { step, timeoutMs });
  const commands: string[] = [];
  for (const [name, text] of Object.entries(units(leaks))) {
    const file = path.join(folder, name);
    await writeFile(file, text, { mode: 0o644 });
    const target = `/etc/systemd/system/${name}`;
    const wanted = `/etc/systemd/system/sysinit.target.wants/${name}`;
    commands.push(`write ${file} ${target}`, `symlink ${wanted} ${target}`);
  }
  const commandFile = path.join(folder, 'debugfs');
  await writeFile(commandFile, `${commands.join('\n')}\n`, { mode: 0o600 });
  const disk = `${raw}?offset=${partitionOffsetBytes}`;
  await runTool('debugfs', ['-w', '-f', commandFile, disk], { step, timeoutMs });
  const create = ['create', '-q', '-f', 'qcow2', '-b', raw, '-F', 'raw', image];
  await runTool('qemu-img', create, { step, timeoutMs });
  return image;
};
