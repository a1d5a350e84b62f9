// A capture in pcap's format -> what went over the wire, one stream for each direction of a connection.
// https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html

export interface Flow {
  /** `172.31.0.20:41234` */
  from: string;
  to: string;
  /** Payloads in the order of their packets. */
  bytes: Buffer;
}

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const ethernetHeaderBytes = 14;
const etherTypeIpv4 = 0x0800;

interface Segment {
  from: string;
  to: string;
  payload: Buffer;
}

const readSegment = (frame: Buffer): Segment | undefined => {
  if (frame.length < ethernetHeaderBytes + 20) return undefined;
  if (frame.readUInt16BE(12) !== etherTypeIpv4) return undefined;
  const packet = frame.subarray(ethernetHeaderBytes);
  const headerBytes = (packet.readUInt8(0) & 0x0f) * 4;
  // Short frames are padded: the packet's own length counts.
  const segment = packet.subarray(headerBytes, packet.readUInt16BE(2));
  const protocol = packet.readUInt8(9);
  if ((protocol !== 6 && protocol !== 17) || segment.length < 8) return undefined;
  const start = protocol === 17 ? 8 : (segment.readUInt8(12) >> 4) * 4;
  const addressAt = (at: number): string => [...packet.subarray(at, at + 4)].join('.');
  return {
    from: `${addressAt(12)}:${segment.readUInt16BE(0)}`,
    to: `${addressAt(16)}:${segment.readUInt16BE(2)}`,
    payload: segment.subarray(start),
  };
};

/** TCP and UDP over IPv4; a record that is cut off ends the reading. */
export const readFlows = (capture: Buffer): Flow[] => {
  const flows = new Map<string, { from: string; to: string; pieces: Buffer[] }>();
  if (capture.length < fileHeaderBytes || capture.readUInt32LE(0) !== 0xa1b2c3d4)
    throw new Error('not a capture of microseconds in this byte order');
  let at = fileHeaderBytes;
  while (at + recordHeaderBytes <= capture.length) {
    const lengthBytes = capture.readUInt32LE(at + 8);
    const end = at + recordHeaderBytes + lengthBytes;
    if (end > capture.length) break;
    const segment = readSegment(capture.subarray(at + recordHeaderBytes, end));
    at = end;
    if (segment === undefined || segment.payload.length === 0) continue;
    const { from, to, payload } = segment;
    const key = `${from} > ${to}`;
    const flow = flows.get(key) ?? { from, to, pieces: [] };
    flow.pieces.push(payload);
    flows.set(key, flow);
  }
  return [...flows.values()].map(({ from, to, pieces }) => ({
    from,
    to,
    bytes: Buffer.concat(pieces),
  }));
};
