// The agent in QuickJS on this machine, against metadata and secrets on loopback -> its CPU time.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleAgent } from '../image/agent.ts';
import { debianPrograms } from '../image/debian-programs.ts';
import { startInstance, type Engine } from '../lab/loopback-instance.ts';
import { Failure } from '../terminal/failure.ts';
import { median } from './figures.ts';

export interface AgentTime {
  /** CPU time of qjs and the programs it runs, but for curl: that is the network. */
  cpuMs: number;
  /** Of that, until the agent begins: QuickJS compiles it, while the node still waits for its network. */
  compileMs: number;
  /** CPU time of all curl processes. */
  curlMs: number;
  /** From start to end, with the answers of services on loopback. */
  elapsedMs: number;
}

/** `real user system` in seconds of the whole, and bash's `times` of each curl. */
export const parseTimes = (line: string, curlTimes: string): Omit<AgentTime, 'compileMs'> => {
  const [real = Number.NaN, user = Number.NaN, system = Number.NaN] = line.split(' ').map(Number);
  const curlMs = [...curlTimes.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000,
    0,
  );
  return { elapsedMs: real * 1000, cpuMs: (user + system) * 1000 - curlMs, curlMs };
};

/** The agent once, on an empty root. */
const timeOnce = async (engine: Engine, timesFile: string): Promise<AgentTime> => {
  const instance = await startInstance('name=worker-0|pod-cidr=172.20.0.0/24');
  try {
    // It ends as soon as it begins.
    await instance.run(engine, 'no-command', { timesFile });
    const compiled = parseTimes(await readFile(timesFile, 'utf8'), '');
    const { exitCode, journal } = await instance.run(engine, 'configure', { timesFile });
    if (exitCode !== 0)
      throw new Failure({ step: 'agent', message: 'failed', tail: journal.join('\n') });
    const curlFile = `${timesFile}.curl`;
    const whole = parseTimes(await readFile(timesFile, 'utf8'), await readFile(curlFile, 'utf8'));
    await rm(curlFile);
    return { ...whole, compileMs: compiled.cpuMs };
  } finally {
    await instance.close();
  }
};

/** Median of `runs` first boots. */
export const measureAgent = async (runs: number): Promise<AgentTime> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-agent-time-'));
  try {
    await bundleAgent(folder);
    const engine = { name: 'quickjs', folder, programsFolder: await debianPrograms() } as const;
    const times: AgentTime[] = [];
    for (let run = 0; run < runs; run += 1)
      times.push(await timeOnce(engine, path.join(folder, 'times')));
    return {
      cpuMs: median(times.map(({ cpuMs }) => cpuMs)),
      compileMs: median(times.map(({ compileMs }) => compileMs)),
      curlMs: median(times.map(({ curlMs }) => curlMs)),
      elapsedMs: median(times.map(({ elapsedMs }) => elapsedMs)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
