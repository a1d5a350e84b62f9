// What is wrong with an instance -> what the agent says of it, with addresses and times as pages have them.
import * as assert from 'uvu/assert';
import { runAgent } from '../../cloud-init/commands.ts';
import { imdsAddress } from '../../cloud-init/imds-session.ts';
import { ready } from '../../cloud-init/ready.ts';
import { serve, type Answer } from '../fakes/api-server.ts';
import type { FakeHost } from '../fakes/host.ts';
import { createNode, environment, type NodeOptions } from '../fakes/node.ts';

export interface Scenario extends NodeOptions {
  /** `ready` comes after a `configure` that did well. */
  command?: string;
  hasTemplates?: false;
  /** What the API server says of the node, again and again. */
  nodes?: Answer;
  /** Right before the command. */
  spoil?: (host: FakeHost) => void;
}

/** As Secrets Manager refuses a whole request. */
export const refusal = (type: string, Message: string) => ({
  status: 400,
  body: JSON.stringify({ __type: `com.amazonaws.secretsmanager#${type}`, Message }),
});

export const provoke = (scenario: Scenario): { exitCode: number; shown: string[] } => {
  const { command = 'configure', hasTemplates = true, nodes = {}, spoil, ...options } = scenario;
  const host = createNode(options);
  const here = hasTemplates ? environment : { ...environment, templates: {} };
  if (command === 'ready') {
    assert.is(runAgent(host, ['configure'], here), 0);
    serve(host, { nodes: () => nodes });
    host.journal.length = 0;
  }
  spoil?.(host);
  const exitCode = command === 'ready' ? ready(host, here) : runAgent(host, [command], here);
  const lines = host.consoleLines.length > 0 ? host.consoleLines : host.journal;
  const shown = lines.map((line) =>
    line
      .replace(/^error: /, '')
      .replace('http://imds', imdsAddress)
      .replace(/it says [\dT:-]+Z/, 'it says 2000-01-01T00:00:12Z'),
  );
  return { exitCode, shown };
};
