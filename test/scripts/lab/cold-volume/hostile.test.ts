// Bytes that are not the protocol, too many, too few: the connection ends, the volume goes on.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blockBytes } from '../../../../scripts/lab/cold-volume/model.ts';
import {
  commands,
  errors,
  optionReplies,
  options,
  payloadBytesMax,
} from '../../../../scripts/lab/cold-volume/nbd-protocol.ts';
import { flagBytes, nameBytes, optionBytes, RawClient, requestBytes } from './raw-client.ts';
import { imageBlocks, serveSample, type Sample } from './sample.ts';

let sample: Sample;

test.before(async () => {
  sample = await serveSample();
});
test.after(() => sample.close());

const greeted = () => RawClient.connect(sample.socketFile);
const forRequests = () => RawClient.connectForRequests(sample.socketFile);

/** Type of the next option reply; its data is skipped. */
const replyType = async (client: RawClient): Promise<number> => {
  const header = await client.read(20);
  await client.read(header.readUInt32BE(16));
  return header.readUInt32BE(12);
};

const assertServes = async (): Promise<void> => {
  const client = await forRequests();
  client.send(requestBytes(commands.read, 0n, 16));
  assert.is(await client.readError(), errors.none);
  assert.equal(await client.read(16), Buffer.alloc(16, 1));
  client.end();
};

test('options that nobody knows are refused one by one', async () => {
  const client = await greeted();
  client.send(flagBytes(3), optionBytes(5), optionBytes(8, Buffer.alloc(100)), optionBytes(99));
  for (let count = 0; count < 3; count += 1)
    assert.is(await replyType(client), optionReplies.unsupported);
  client.send(optionBytes(options.list));
  assert.is(await replyType(client), optionReplies.server);
  assert.is(await replyType(client), optionReplies.acknowledged);
  client.send(optionBytes(options.list, Buffer.alloc(1)));
  assert.is(await replyType(client), optionReplies.invalid);
  client.send(optionBytes(options.abort));
  assert.is(await replyType(client), optionReplies.acknowledged);
  assert.is((await client.readToEnd()).length, 0);
});

test('info and go know one export, whose name is empty', async () => {
  const client = await greeted();
  client.send(flagBytes(3), optionBytes(options.go, nameBytes('other')));
  assert.is(await replyType(client), optionReplies.unknownExport);
  const tooLong = Buffer.alloc(6, 0xff);
  for (const data of [Buffer.alloc(0), Buffer.alloc(5), tooLong, Buffer.alloc(7)]) {
    client.send(optionBytes(options.info, data));
    assert.is(await replyType(client), optionReplies.invalid);
  }
  for (const option of [options.info, options.go]) {
    client.send(optionBytes(option, nameBytes('')));
    assert.is(await replyType(client), optionReplies.info);
    assert.is(await replyType(client), optionReplies.info);
    assert.is(await replyType(client), optionReplies.acknowledged);
  }
  client.send(requestBytes(commands.flush, 0n, 0));
  assert.is(await client.readError(), errors.none);
  client.end();
});

test('an old client gets its 124 zeroes', async () => {
  const client = await greeted();
  client.send(flagBytes(1), optionBytes(options.exportName));
  const description = await client.read(134);
  assert.is(description.readBigUInt64BE(0), BigInt(imageBlocks * blockBytes));
  client.send(requestBytes(commands.disconnect, 0n, 0));
  assert.is((await client.readToEnd()).length, 0);
});

for (const [what, bytes] of [
  ['unknown flags', flagBytes(0xffff_ffff)],
  ['no option', Buffer.concat([flagBytes(3), Buffer.alloc(16, 0x41)])],
  [
    'an option without end',
    Buffer.concat([flagBytes(3), Buffer.from('49484156454f505400000007ffffffff', 'hex')]),
  ],
  ['a name that is not ours', Buffer.concat([flagBytes(3), optionBytes(1, Buffer.from('x'))])],
] as const)
  test(`${what} ends the handshake`, async () => {
    const client = await greeted();
    client.send(bytes);
    assert.is((await client.readToEnd()).length, 0);
    await assertServes();
  });

test('requests outside the volume are refused, and the next is answered', async () => {
  const client = await forRequests();
  const sizeBytes = BigInt(imageBlocks * blockBytes);
  client.send(requestBytes(commands.read, sizeBytes - 511n, 512));
  assert.is(await client.readError(), errors.invalid);
  client.send(requestBytes(commands.read, 2n ** 64n - 1n, 2));
  assert.is(await client.readError(), errors.invalid);
  client.send(requestBytes(commands.write, sizeBytes, 4), Buffer.from('late'));
  assert.is(await client.readError(), errors.noSpace);
  client.send(requestBytes(commands.trim, 0n, 0xffff_ffff));
  assert.is(await client.readError(), errors.noSpace);
  client.send(requestBytes(77, 0n, 0));
  assert.is(await client.readError(), errors.invalid);
  client.send(requestBytes(commands.read, 0n, payloadBytesMax + 1));
  assert.is(await client.readError(), errors.invalid);
  client.send(requestBytes(commands.read, 0n, 0));
  assert.is(await client.readError(), errors.none);
  client.end();
  await assertServes();
});

test('a request in single bytes is answered, half a one is not', async () => {
  const client = await forRequests();
  for (const byte of requestBytes(commands.read, BigInt(blockBytes), 4))
    client.send(Buffer.of(byte));
  assert.is(await client.readError(), errors.none);
  assert.equal(await client.read(4), Buffer.alloc(4, 2));
  client.send(requestBytes(commands.write, 0n, 1000), Buffer.alloc(999, 7));
  client.end();
  await assertServes(); // The first byte is the image's still.
});

test('other bytes than a request end the connection, as does a write that is too large', async () => {
  for (const bytes of [
    Buffer.alloc(28, 0x41),
    requestBytes(commands.write, 0n, payloadBytesMax + 1),
  ]) {
    const client = await forRequests();
    client.send(bytes);
    assert.is((await client.readToEnd()).length, 0);
  }
  await assertServes();
});

test('who reads replies late gets all of them', async () => {
  const client = await forRequests();
  client.stopReading();
  const [count, lateBytes] = [400, 64 * 1024];
  for (let index = 0; index < count; index += 1)
    client.send(requestBytes(commands.read, 0n, lateBytes));
  await assertServes();
  client.resumeReading();
  for (let index = 0; index < count; index += 1) {
    assert.is(await client.readError(), errors.none);
    await client.read(lateBytes);
  }
  client.end();
});

test('any bytes at all', async () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), async (sent, isLate) => {
      const client = await (isLate ? forRequests() : greeted());
      client.send(Buffer.from(sent));
      await new Promise((resolve) => void setTimeout(resolve, 2));
      client.end();
    }),
    { numRuns: 100 },
  );
  await assertServes();
});

test.run();
