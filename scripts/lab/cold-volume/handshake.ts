// What client and server say before the first request: an option at a time, each with its answer.
import type { ByteQueue } from './byte-queue.ts';
import {
  exportDescription,
  handshakeFlags,
  information,
  magic,
  optionBytesMax,
  optionHeaderBytes,
  optionReplies,
  optionReply,
  options,
  payloadBytesMax,
} from './nbd-protocol.ts';

/** `more`: wait for bytes; `requests`: the handshake is done; `end`: close the connection. */
export type HandshakeState = 'more' | 'requests' | 'end';

const blockSizes = (): Buffer => {
  const bytes = Buffer.alloc(14);
  bytes.writeUInt16BE(information.blockSize, 0);
  for (const [index, size] of [1, 4096, payloadBytesMax].entries())
    bytes.writeUInt32BE(size, 2 + 4 * index);
  return bytes;
};

/** Data of `info` and `go`: the export's name; undefined when it is not what it should be. */
const exportNameOf = (data: Buffer): string | undefined => {
  if (data.length < 6) return undefined;
  const nameLength = data.readUInt32BE(0);
  if (4 + nameLength + 2 > data.length) return undefined;
  const count = data.readUInt16BE(4 + nameLength);
  if (4 + nameLength + 2 + 2 * count !== data.length) return undefined;
  return data.toString('utf8', 4, 4 + nameLength);
};

export class Handshake {
  readonly #queue: ByteQueue;
  readonly #send: (bytes: Buffer) => void;
  readonly #sizeBytes: number;
  #flags: number | undefined;
  #option: { option: number; length: number } | undefined;

  constructor(queue: ByteQueue, sizeBytes: number, send: (bytes: Buffer) => void) {
    this.#queue = queue;
    this.#sizeBytes = sizeBytes;
    this.#send = send;
  }

  /** Reads what has come so far. */
  advance(): HandshakeState {
    if (this.#flags === undefined) {
      const flags = this.#queue.take(4)?.readUInt32BE(0);
      if (flags === undefined) return 'more';
      if ((flags & ~(handshakeFlags.fixedNewstyle | handshakeFlags.noZeroes)) !== 0) return 'end';
      this.#flags = flags;
    }
    for (;;) {
      if (this.#option === undefined) {
        const header = this.#queue.take(optionHeaderBytes);
        if (header === undefined) return 'more';
        const [option, length] = [header.readUInt32BE(8), header.readUInt32BE(12)];
        if (header.readBigUInt64BE(0) !== magic.option || length > optionBytesMax) return 'end';
        this.#option = { option, length };
      }
      const data = this.#queue.take(this.#option.length);
      if (data === undefined) return 'more';
      const { option } = this.#option;
      this.#option = undefined;
      const state = this.#answer(option, data);
      if (state !== 'more') return state;
    }
  }

  #answer(option: number, data: Buffer): HandshakeState {
    const reply = (type: number, bytes?: Buffer) => this.#send(optionReply(option, type, bytes));
    switch (option) {
      case options.exportName: {
        // This option has no way to refuse but to hang up.
        if (data.length > 0) return 'end';
        const isPadded = ((this.#flags ?? 0) & handshakeFlags.noZeroes) === 0;
        this.#send(exportDescription(this.#sizeBytes));
        if (isPadded) this.#send(Buffer.alloc(124));
        return 'requests';
      }
      case options.abort:
        reply(optionReplies.acknowledged);
        return 'end';
      case options.list:
        if (data.length > 0) reply(optionReplies.invalid);
        else {
          // One export, whose name is empty.
          reply(optionReplies.server, Buffer.alloc(4));
          reply(optionReplies.acknowledged);
        }
        return 'more';
      case options.info:
      case options.go: {
        const name = exportNameOf(data);
        if (name !== '') {
          reply(name === undefined ? optionReplies.invalid : optionReplies.unknownExport);
          return 'more';
        }
        const type = Buffer.alloc(2); // information.export
        reply(optionReplies.info, Buffer.concat([type, exportDescription(this.#sizeBytes)]));
        reply(optionReplies.info, blockSizes());
        reply(optionReplies.acknowledged);
        return option === options.go ? 'requests' : 'more';
      }
      default:
        reply(optionReplies.unsupported);
        return 'more';
    }
  }
}
