// Runs the agent; with the credential groundup.cut it stops before the N-th change of the disk, for a
// machine whose power is cut there. In QuickJS: the agent's `os` is replaced by one that counts.
import * as std from 'std';

const folder = '/run/groundup';
const agent = '/usr/lib/groundup/agent.mjs';
const cut = std.loadFile('/run/credentials/@system/groundup.cut');

const counting = `
import * as os from 'os';
import * as std from 'std';
export * from 'os';
let left = ${Number(cut)};
const step = (what) => {
  if (left > 0) {
    left -= 1;
    return;
  }
  const console = std.open('/dev/console', 'w');
  console.puts('\\ngroundup-cut: before ' + what + '\\n');
  console.close();
  for (;;) os.sleep(1000);
};
const onDisk = (path) => !/^\\/(?:run|dev|proc|sys)\\//.test(path);
export const mkdir = (path, mode) => {
  if (onDisk(path)) step('mkdir ' + path);
  return os.mkdir(path, mode);
};
export const open = (path, flags, mode) => {
  if (onDisk(path) && (flags & os.O_CREAT) !== 0) step('create ' + path);
  return os.open(path, flags, mode);
};
export const rename = (from, to) => {
  if (onDisk(to)) step('rename ' + to);
  return os.rename(from, to);
};
export const exec = (args, options) => {
  if (args[0] === 'sync') step('sync');
  return os.exec(args, options);
};
`;

const write = (name, text) => {
  const file = std.open(`${folder}/${name}`, 'w');
  file.puts(text);
  file.close();
  return `${folder}/${name}`;
};

if (cut === null) await import(agent);
else {
  const replaced = write('os.mjs', counting);
  const text = std.loadFile(agent).replaceAll(/from\s*["']os["']/g, `from "${replaced}"`);
  await import(write('agent-with-cuts.mjs', text));
}
