// Where a lab's commands reach its supervisor: an HTTP request per operation, answered with JSON.
import { createServer, type Server } from 'node:http';
import { Failure } from '../terminal/failure.ts';
import type { Answer } from './protocol.ts';

export type Handler = (takes: unknown) => unknown;

/** Operation -> what does it. */
export const createControl = (handlers: Readonly<Record<string, Handler>>): Server => {
  const answer = async (name: string, body: string): Promise<Answer> => {
    const handler = handlers[name];
    if (handler === undefined) throw new Error(`no operation ${name}`);
    return { value: (await handler(JSON.parse(body))) ?? null };
  };
  const failed = (error: Error): Answer =>
    error instanceof Failure
      ? {
          failure: {
            step: error.step,
            message: error.message,
            ...(error.tail === undefined ? {} : { tail: error.tail }),
            ...(error.hint === undefined ? {} : { hint: error.hint }),
          },
        }
      : { failure: { step: 'lab', message: error.message, tail: error.stack ?? '' } };
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer((request.url ?? '/').slice(1), Buffer.concat(chunks).toString('utf8'))
        .catch(failed)
        .then((result) => response.end(JSON.stringify(result)))
        .catch(() => response.destroy());
    });
  });
};
