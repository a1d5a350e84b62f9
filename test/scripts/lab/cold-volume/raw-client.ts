// A client that sends any bytes, for what QEMU's tools would never send.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  magic,
  options,
  requestHeaderBytes,
} from '../../../../scripts/lab/cold-volume/nbd-protocol.ts';

const timeoutMs = 10_000;

export const optionBytes = (option: number, data: Buffer = Buffer.alloc(0)): Buffer => {
  const header = Buffer.alloc(16);
  header.writeBigUInt64BE(magic.option, 0);
  header.writeUInt32BE(option, 8);
  header.writeUInt32BE(data.length, 12);
  return Buffer.concat([header, data]);
};

/** Data of `info` and `go`: a name and no requests for information. */
export const nameBytes = (name: string): Buffer => {
  const bytes = Buffer.alloc(6 + name.length);
  bytes.writeUInt32BE(name.length, 0);
  bytes.write(name, 4);
  return bytes;
};

export const requestBytes = (command: number, offset: bigint, length: number): Buffer => {
  const bytes = Buffer.alloc(requestHeaderBytes);
  bytes.writeUInt32BE(magic.request, 0);
  bytes.writeUInt16BE(command, 6);
  bytes.write('a-cookie', 8);
  bytes.writeBigUInt64BE(offset, 16);
  bytes.writeUInt32BE(length, 24);
  return bytes;
};

export const flagBytes = (flags: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(flags, 0);
  return bytes;
};

export class RawClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
    });
  }

  /** Connected and greeted. */
  static async connect(socketFile: string): Promise<RawClient> {
    const socket = connect(socketFile);
    await once(socket, 'connect');
    const client = new RawClient(socket);
    await client.read(18);
    return client;
  }

  /** At the point where requests may come. */
  static async connectForRequests(socketFile: string): Promise<RawClient> {
    const client = await RawClient.connect(socketFile);
    client.send(flagBytes(3), optionBytes(options.exportName));
    await client.read(10);
    return client;
  }

  send(...bytes: Buffer[]): void {
    this.#socket.write(Buffer.concat(bytes));
  }

  /** The next `count` bytes of the server. */
  async read(count: number): Promise<Buffer> {
    await this.#until(() => this.#received.length >= count);
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes;
  }

  /** The error number of the next reply, whose cookie must be ours. */
  async readError(): Promise<number> {
    const reply = await this.read(16);
    if (reply.readUInt32BE(0) !== magic.reply || reply.toString('utf8', 8) !== 'a-cookie')
      throw new Error(`not a reply: ${reply.toString('hex')}`);
    return reply.readUInt32BE(4);
  }

  /** Resolves when the server has hung up; what it said before. */
  async readToEnd(): Promise<Buffer> {
    await this.#until(() => this.#isClosed);
    return this.#received;
  }

  stopReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroy();
  }

  async #until(check: () => boolean): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (!check()) {
      if (performance.now() > endMs) throw new Error('the server did not answer in time');
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
  }
}
