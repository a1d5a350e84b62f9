// Names and contents -> the bytes of a tar archive (POSIX ustar) that depend on nothing else:
// owner 0:0, time 0, and the order given.

export interface TarMember {
  /** Relative path, at most 100 bytes; a folder ends with a slash. */
  name: string;
  content: Uint8Array;
  mode: number;
}

const blockBytes = 512;
const nameBytesMax = 100;

const octal = (value: number, width: number): string => value.toString(8).padStart(width - 1, '0');

const header = ({ name, content, mode }: TarMember): Buffer => {
  if (Buffer.byteLength(name) > nameBytesMax) throw new Error(`too long for a tar header: ${name}`);
  const block = Buffer.alloc(blockBytes);
  block.write(name, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(content.length, 12), 124);
  block.write(octal(0, 12), 136);
  // The checksum counts its own field as blanks.
  block.write(' '.repeat(8), 148);
  block.write(name.endsWith('/') ? '5' : '0', 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\u0000 `, 148);
  return block;
};

/** The archive's bytes. */
export const createTar = (members: readonly TarMember[]): Buffer => {
  const blocks = members.flatMap((member) => {
    const padding = (blockBytes - (member.content.length % blockBytes)) % blockBytes;
    return [header(member), member.content, Buffer.alloc(padding)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
};
