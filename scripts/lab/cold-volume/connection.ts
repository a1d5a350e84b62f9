// One client of a volume: bytes from a socket -> requests -> replies, several under way at once.
// Whatever comes that is not the protocol ends the connection, never the process.
import type { Socket } from 'node:net';
import { ByteQueue } from './byte-queue.ts';
import { Handshake } from './handshake.ts';
import {
  commands,
  errors,
  greeting,
  parseRequest,
  payloadBytesMax,
  replyHeaderBytes,
  requestHeaderBytes,
  writeReplyHeader,
  type Request,
} from './nbd-protocol.ts';
import type { ReplyBuffers } from './reply-buffers.ts';
import type { Volume } from './volume.ts';

/** A client that asks for more without reading the replies waits; QEMU's stops at 16. */
const requestsMax = 128;

const knownCommands: ReadonlySet<number> = new Set(Object.values(commands));

export class Connection {
  readonly #socket: Socket;
  readonly #volume: Volume;
  readonly #buffers: ReplyBuffers;
  readonly #queue = new ByteQueue();
  readonly #handshake: Handshake;
  #state: 'handshake' | 'requests' | 'end' = 'handshake';
  /** A write whose data has not come yet. */
  #write: Request | undefined;
  #underWay = 0;

  constructor(socket: Socket, volume: Volume, buffers: ReplyBuffers) {
    this.#socket = socket;
    this.#volume = volume;
    this.#buffers = buffers;
    this.#handshake = new Handshake(this.#queue, volume.sizeBytes, (bytes) => socket.write(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      this.#queue.push(chunk);
      this.#advance();
    });
    socket.write(greeting());
  }

  #advance(): void {
    if (this.#state === 'handshake') {
      const state = this.#handshake.advance();
      if (state === 'end') this.#end();
      if (state === 'requests') this.#state = state;
    }
    while (this.#state === 'requests' && this.#underWay < requestsMax && this.#takeRequest());
    if (this.#underWay >= requestsMax) this.#socket.pause();
  }

  #end(): void {
    this.#state = 'end';
    this.#socket.end();
    // Who does not hang up in turn is not listened to any more.
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
  }

  /** False: there is no whole request yet, or never will be. */
  #takeRequest(): boolean {
    if (this.#write === undefined) {
      const header = this.#queue.take(requestHeaderBytes);
      if (header === undefined) return false;
      const request = parseRequest(header);
      if (request === undefined || request.command === commands.disconnect) {
        this.#end();
        return false;
      }
      if (request.command !== commands.write) {
        this.#start(request);
        return true;
      }
      if (request.length > payloadBytesMax) {
        this.#end();
        return false;
      }
      this.#write = request;
    }
    const data = this.#queue.take(this.#write.length);
    if (data === undefined) return false;
    const request = this.#write;
    this.#write = undefined;
    this.#start(request, data);
    return true;
  }

  #start(request: Request, data?: Buffer): void {
    this.#underWay += 1;
    const { command, offset, length } = request;
    const isRead = command === commands.read;
    if (!knownCommands.has(command) || (isRead && length > payloadBytesMax))
      return this.#reply(request, errors.invalid);
    if (command !== commands.flush && !this.#volume.contains(offset, length))
      return this.#reply(request, isRead ? errors.invalid : errors.noSpace);
    const wait = isRead ? this.#volume.touchForRead(offset, length) : this.#change(request, data);
    const finish = () =>
      isRead ? this.#replyWithData(request) : this.#reply(request, errors.none);
    if (wait === undefined) finish();
    else wait.then(finish, () => this.#reply(request, errors.inputOutput));
  }

  #change(request: Request, data?: Buffer): Promise<unknown> | undefined {
    const { command, offset, length } = request;
    switch (command) {
      case commands.write:
        return this.#volume.write(data as Buffer, offset);
      case commands.writeZeroes:
        return this.#volume.writeZeroes(offset, length);
      case commands.trim:
        this.#volume.trim(offset, length);
        return undefined;
      case commands.flush:
        return undefined; // Memory is as safe as it gets.
      default:
        return undefined; // Refused before.
    }
  }

  #reply({ cookie }: Pick<Request, 'cookie'>, error: number): void {
    const header = Buffer.allocUnsafe(replyHeaderBytes);
    writeReplyHeader(header, error, cookie);
    this.#send(header, () => undefined);
  }

  #replyWithData({ cookie, offset, length }: Request): void {
    const buffer = this.#buffers.take(replyHeaderBytes + length);
    const bytes = buffer.subarray(0, replyHeaderBytes + length);
    writeReplyHeader(bytes, errors.none, cookie);
    try {
      this.#volume.read(bytes.subarray(replyHeaderBytes), offset);
      this.#send(bytes, () => this.#buffers.giveBack(buffer));
    } catch {
      this.#buffers.giveBack(buffer);
      this.#reply({ cookie }, errors.inputOutput);
    }
  }

  /** A request is under way until the client has taken its reply. */
  #send(bytes: Buffer, whenSent: () => void): void {
    this.#socket.write(bytes, () => {
      whenSent();
      this.#underWay -= 1;
      if (!this.#socket.isPaused() || this.#state !== 'requests') return;
      this.#socket.resume();
      this.#advance();
    });
  }
}
