// Numbers and headers of the network block device protocol, as far as it is spoken here.
// https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md

export const magic = {
  greeting: 0x4e42444d41474943n, // NBDMAGIC
  option: 0x49484156454f5054n, // IHAVEOPT
  optionReply: 0x0003e889045565a9n,
  request: 0x25609513,
  reply: 0x67446698,
} as const;

export const handshakeFlags = { fixedNewstyle: 1, noZeroes: 2 } as const;

export const options = { exportName: 1, abort: 2, list: 3, info: 6, go: 7 } as const;

export const optionReplies = {
  acknowledged: 1,
  server: 2,
  info: 3,
  unsupported: 0x8000_0001,
  invalid: 0x8000_0003,
  unknownExport: 0x8000_0006,
} as const;

export const information = { export: 0, blockSize: 3 } as const;

export const commands = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  writeZeroes: 6,
} as const;

export const errors = { none: 0, inputOutput: 5, invalid: 22, noSpace: 28 } as const;

/** Flags present, flush, trim, write zeroes, several connections. */
export const transmissionFlags = (1 << 0) | (1 << 2) | (1 << 5) | (1 << 6) | (1 << 8);

/** What clients may expect without asking. */
export const payloadBytesMax = 32 * 1024 * 1024;
export const optionBytesMax = 4096;
export const optionHeaderBytes = 16;
export const requestHeaderBytes = 28;
export const replyHeaderBytes = 16;

export interface Request {
  command: number;
  /** The client's, given back with the reply. */
  cookie: bigint;
  offset: number;
  length: number;
}

/** Undefined: these bytes are no request. */
export const parseRequest = (bytes: Buffer): Request | undefined => {
  if (bytes.readUInt32BE(0) !== magic.request) return undefined;
  return {
    command: bytes.readUInt16BE(6),
    cookie: bytes.readBigUInt64BE(8),
    // Beyond 2^53 it is not exact, but beyond the end of every volume.
    offset: Number(bytes.readBigUInt64BE(16)),
    length: bytes.readUInt32BE(24),
  };
};

export const writeReplyHeader = (target: Buffer, error: number, cookie: bigint): void => {
  target.writeUInt32BE(magic.reply, 0);
  target.writeUInt32BE(error, 4);
  target.writeBigUInt64BE(cookie, 8);
};

export const greeting = (): Buffer => {
  const bytes = Buffer.alloc(18);
  bytes.writeBigUInt64BE(magic.greeting, 0);
  bytes.writeBigUInt64BE(magic.option, 8);
  bytes.writeUInt16BE(handshakeFlags.fixedNewstyle | handshakeFlags.noZeroes, 16);
  return bytes;
};

export const optionReply = (
  option: number,
  type: number,
  data: Buffer = Buffer.alloc(0),
): Buffer => {
  const header = Buffer.alloc(20);
  header.writeBigUInt64BE(magic.optionReply, 0);
  header.writeUInt32BE(option, 8);
  header.writeUInt32BE(type, 12);
  header.writeUInt32BE(data.length, 16);
  return Buffer.concat([header, data]);
};

/** Size and flags: all that is said of the export. */
export const exportDescription = (sizeBytes: number): Buffer => {
  const bytes = Buffer.alloc(10);
  bytes.writeBigUInt64BE(BigInt(sizeBytes), 0);
  bytes.writeUInt16BE(transmissionFlags, 8);
  return bytes;
};
