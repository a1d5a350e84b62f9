// QEMU's machine protocol over a unix socket: one command, one answer.
// https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const timeoutMs = 20_000;

interface Message {
  QMP?: unknown;
  return?: unknown;
  error?: { desc?: string };
}

/** Sends `command` and resolves with what it returns. */
export const askQemu = async (
  socketFile: string,
  command: string,
  argumentsOf: Record<string, unknown> = {},
): Promise<unknown> => {
  const socket = connect(socketFile);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`QMP ${command}: no answer`)));
  const send = (message: unknown) => socket.write(`${JSON.stringify(message)}\n`);
  let answers = 0;
  try {
    for await (const line of createInterface({ input: socket })) {
      const message = JSON.parse(line) as Message;
      if (message.error) throw new Error(`QMP ${command}: ${message.error.desc}`);
      if (message.QMP) send({ execute: 'qmp_capabilities' });
      if (message.return === undefined) continue; // An event.
      answers += 1;
      if (answers === 1) send({ execute: command, arguments: argumentsOf });
      else return message.return;
    }
    throw new Error(`QMP ${command}: the machine ended`);
  } finally {
    socket.destroy();
  }
};
