// A volume on two unix sockets: its blocks for QEMU on one, its statistics for the lab on the other.
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { Connection } from './connection.ts';
import { blockBytes } from './model.ts';
import { replyHeaderBytes } from './nbd-protocol.ts';
import { ReplyBuffers } from './reply-buffers.ts';
import type { Volume } from './volume.ts';

const listen = (server: Server, socketFile: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketFile, () => resolve());
  });

export const serveBlocks = async (volume: Volume, socketFile: string): Promise<Server> => {
  const buffers = new ReplyBuffers(replyHeaderBytes + blockBytes);
  const server = createServer((socket) => void new Connection(socket, volume, buffers));
  await listen(server, socketFile);
  return server;
};

/** `GET /statistics` and `GET /touches`. */
export const serveStatistics = async (volume: Volume, socketFile: string): Promise<Server> => {
  const server = createHttpServer(({ url }, response) => {
    const value =
      url === '/statistics' ? volume.statistics() : url === '/touches' ? volume.touches : undefined;
    response.statusCode = value === undefined ? 404 : 200;
    response.end(JSON.stringify(value));
  });
  await listen(server, socketFile);
  return server;
};
