// What the commands about user-data read: its bytes, the image's settings, facts of an instance.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { isAddress, networkOf, parseRange } from '../../cloud-init/cidr.ts';
import { formatFindings } from '../../cloud-init/report.ts';
import { parseSettings, type Settings } from '../../cloud-init/settings.ts';
import { decodeUtf8 } from '../../cloud-init/text.ts';
import { nodeSettings, readSettings, settingsFile } from '../image/settings.ts';
import { Failure } from '../terminal/failure.ts';

const address = z.string().refine(isAddress, 'not an IPv4 address');
const range = z.string().refine((text) => parseRange(text) !== undefined, 'not an IPv4 range');

/** As EC2 assigns them: `imds-prefix` counts 16 addresses for each. */
const isPrefix = (text: string): boolean => {
  const found = parseRange(text);
  return found?.prefix === 28 && networkOf(found) === text;
};
const prefix = z.string().refine(isPrefix, 'not a /28 without host bits');

const factsSchema = z.strictObject({
  /** Common name of the worker's certificate without `system:node:`. */
  nodeName: z.string().default('ip-172-31-0-20'),
  nodeIp: address.default('172.31.0.20'),
  instanceId: z.string().default('i-0123456789abc0014'),
  privateDnsName: z.string().default('ip-172-31-0-20.eu-central-1.compute.internal'),
  availabilityZone: z.string().default('eu-central-1a'),
  /** Of an instance of an autoscaling group, e.g. `InService`. */
  lifecycleState: z.string().optional(),
  vpcRanges: z.array(range).default([]),
  subnetRange: range.optional(),
  /** Of the network interface, each a /28; for `pod-cidr=imds-prefix`. */
  prefixes: z.array(prefix).optional(),
  /** Of the network interface. */
  mtuBytes: z.int().positive().default(9001),
});

/** What a node learns from its instance; a file may name any of it. */
export type InstanceFacts = z.infer<typeof factsSchema>;

/** docs/user-data.md has them as a table. */
export const factKeys: readonly string[] = Object.keys(factsSchema.shape);

/** Bytes of a file, or of standard input when it is called `-`. */
export const readInput = async (step: string, file: string): Promise<Buffer> => {
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'is a folder',
    };
    throw new Failure({
      step,
      message: `${file}: ${reasons[code ?? ''] ?? message}`,
      cause: error,
    });
  }
};

/** The text that a node makes of the same bytes; `-` is standard input. */
export const readUserDataFile = async (file: string): Promise<string> =>
  decodeUtf8((await readInput('user-data', file)).toString('latin1'));

/** Facts of an instance from a JSON file, or those of an instance that nothing is known of. */
export const readFactsFile = async (file: string | undefined): Promise<InstanceFacts> => {
  if (file === undefined) return factsSchema.parse({});
  const fail = (message: string) =>
    new Failure({
      step: 'facts',
      message: `${file}: ${message}`,
      hint: `keys: ${factKeys.join(', ')}; see docs/user-data.md`,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse((await readInput('facts', file)).toString('utf8'));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw fail('not JSON');
  }
  const checked = factsSchema.safeParse(parsed);
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map(({ path: place, message }) =>
    [place.join('.'), message].filter((part) => part !== '').join(': '),
  );
  throw fail(faults.join('; '));
};

/** The settings that an image made now would have baked in. */
export const readBakedSettings = async (): Promise<Settings> => {
  const { text, settings, findings } = await readSettings();
  if (settings !== undefined) return parseSettings(JSON.stringify(nodeSettings(settings)));
  const name = path.relative('.', settingsFile);
  throw new Failure({
    step: 'settings',
    message: `${name} has errors`,
    tail: formatFindings(name, text, findings),
  });
};
