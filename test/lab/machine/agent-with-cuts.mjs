// Runs the agent; with the credential groundup.cut, a number of milliseconds, it waits before each change
// of the disk, so that the disk can be taken as a power cut would leave it there. In QuickJS: the agent's
// `os` is replaced by one that counts.
import * as std from 'std';

const folder = '/run/groundup';
const agent = '/usr/lib/groundup/agent.mjs';
const cut = std.loadFile('/run/credentials/@system/groundup.cut');

const counting = `
import * as os from 'os';
import * as std from 'std';
export * from 'os';
let count = 0;
const step = (what) => {
  const console = std.open('/dev/console', 'w');
  console.puts('\\ngroundup-cut: ' + count + ' before ' + what + '\\n');
  console.close();
  count += 1;
  os.sleep(${Number(cut)});
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
