// What holds for any input of the agent -> properties that fast-check tries, and the corpus replays.
// An input is JSON, so that what was found once can be kept in a file.
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { applyPlan } from '../../../cloud-init/apply.ts';
import { decodeBase64 } from '../../../cloud-init/base64.ts';
import { unpackUserData } from '../../../cloud-init/envelope.ts';
import { gunzip } from '../../../cloud-init/gzip.ts';
import { deriveNames } from '../../../cloud-init/derive.ts';
import { readMime } from '../../../cloud-init/mime.ts';
import { makePlan } from '../../../cloud-init/plan.ts';
import { checkUserData } from '../../../cloud-init/validate.ts';
import { formatJson, formatJudgement, judge } from '../../../scripts/user-data/judge.ts';
import { buildTree } from '../../../scripts/user-data/tree.ts';
import { createFakeHost, type FakeHost } from '../../fakes/host.ts';
import { settings, templates } from '../../fakes/node.ts';
import { anyText, formatFields, pack, packing, validFields, type ValidFields } from './inputs.ts';

export interface Property<T> {
  says: string;
  input: fc.Arbitrary<T>;
  /** Throws when it does not hold. */
  check(input: T): void;
}

const facts = {
  nodeName: 'ip-172-31-0-20',
  nodeIp: '172.31.0.20',
  instanceId: 'i-0123456789abc0014',
  privateDnsName: 'ip-172-31-0-20.eu-central-1.compute.internal',
  availabilityZone: 'eu-central-1a',
  vpcRanges: ['172.31.0.0/16'],
  subnetRange: '172.31.0.0/24',
  mtuBytes: 9001,
};

/** Every stage by itself, too: what one refuses, the next one never sees. */
const neverThrows = (text: string): void => {
  const binary = Buffer.from(text).toString('latin1');
  gunzip(binary, 100_000);
  decodeBase64(text);
  readMime(text);
  unpackUserData(text);
  const judgement = judge(text, settings, facts, false);
  const lines = judgement.text.split(/\r?\n/);
  for (const { line, column, id } of judgement.findings) {
    assert.ok(line >= 1 && line <= lines.length, `${id} in line ${line}`);
    assert.ok(column >= 1 && column <= (lines[line - 1] ?? '').length + 1, `${id} at ${column}`);
  }
  formatJudgement(judgement);
  JSON.parse(formatJson(judgement));
  if (judgement.verdict === 'refused') assert.ok(judgement.findings.length > 0, 'no reason given');
};

const joined = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([key, value]) => `${key}=${value}`).join(',');

/** `a = b` is read as `a=b`, `a` as `a=`. */
const items = (text: string | undefined, form: RegExp): string =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim().replace(form, '$1'))
    .join(',');

const echoes = (text: string): void => {
  const check = checkUserData(text, settings);
  if (check.kind !== 'node' && check.kind !== 'errors') return;
  const lines = check.text.split(/\r?\n/);
  for (const [key, { text: value, line, column }] of Object.entries(check.fields)) {
    const place = (lines[line - 1] ?? '').slice(column - 1);
    assert.ok(place.startsWith(value), `${key} is not at ${line}:${column}`);
    const before = (lines[line - 1] ?? '').slice(0, column - 1);
    // A key with letters that nobody sees counts as the one that was meant, but is refused.
    const isWritten = new RegExp(`(?:^|\\|)${key}=$`).test(before.replaceAll(/\s/g, ''));
    assert.ok(isWritten || check.kind === 'errors', `${key} is not what stands there`);
    assert.match(value, /^[!-~](?:[ -~]*[!-~])?$/, `${key} has letters that nobody sees`);
  }
  if (check.kind !== 'node') return;
  const { fields, request, podCidrAt } = check;
  const said = (key: keyof typeof fields): string | undefined => fields[key]?.text;
  assert.is(request.name, said('name'));
  assert.is(request.podCidr, said('pod-cidr'));
  assert.is(podCidrAt, fields['pod-cidr']);
  assert.is(request.maxPods?.toString(), said('max-pods'));
  assert.is(request.groupSize?.toString(), said('group-size'));
  assert.is(request.lifecycleHook, said('lifecycle-hook'));
  if (said('labels') !== undefined)
    assert.is(joined(request.labels), items(said('labels'), /^([^=]+)$/));
  else assert.is(request.labels.length, 0);
  for (const [key, value] of Object.entries(request.settings))
    assert.is(
      value,
      (fields as Record<string, { text: string } | undefined>)[key]?.text ??
        (settings as Record<string, string>)[key],
    );
};

type Packed = [fields: ValidFields, separator: number, form: string];

const packed = fc.tuple(validFields, fc.nat(5), packing) as fc.Arbitrary<Packed>;

/** Everything that was said comes back, and nothing else. */
const isIdentity = ([fields, separator, form]: Packed): void => {
  const check = checkUserData(pack(form, formatFields(fields, separator)), settings);
  assert.is(check.kind, 'node', JSON.stringify(check));
  if (check.kind !== 'node') return;
  const { request } = check;
  const { labels, taints, maxPods } = request;
  const read: ValidFields = {
    ...(request.name === undefined ? {} : { name: request.name }),
    'pod-cidr': request.podCidr,
    ...(labels.length === 0 ? {} : { labels: joined(labels) }),
    ...(taints.length === 0
      ? {}
      : { taints: taints.map(({ key, value, effect }) => `${key}=${value}:${effect}`).join(',') }),
    ...(maxPods === undefined ? {} : { 'max-pods': String(maxPods) }),
    ...(request.groupSize === undefined ? {} : { 'group-size': '1' }),
    ...(request.lifecycleHook === undefined ? {} : { 'lifecycle-hook': request.lifecycleHook }),
  };
  for (const [key, value] of Object.entries(fields)) {
    const found = key in settings ? (request.settings as ValidFields & object)[key] : read[key];
    assert.is(found, value, key);
  }
  for (const key of Object.keys(read)) assert.ok(key in fields, `${key} was never said`);
  const others = Object.entries(settings).filter(([key]) => !(key in fields));
  for (const [key, value] of others)
    assert.is((request.settings as ValidFields & object)[key], value, key);
};

type Disk = [fields: ValidFields, damage: [at: number, kind: number][]];

const disk = fc.tuple(
  validFields,
  fc.array(fc.tuple(fc.nat(30), fc.nat(2)), { maxLength: 4 }),
) as fc.Arbitrary<Disk>;

const spoil = ({ entries }: FakeHost, path: string, kind: number): void => {
  const entry = entries.get(path);
  if (entry === undefined) return;
  if (kind === 0) entries.delete(path);
  else if (kind === 1) entry.content = entry.content.slice(1);
  else entry.mode ^= 0o044;
};

const inodes = ({ entries }: FakeHost): string =>
  [...entries]
    .map(([path, { inode, mode }]) => `${path} ${inode} ${mode}`)
    .toSorted()
    .join('\n');

/** After a plan there is nothing to do; after damage only what was damaged. */
const isIdempotent = ([fields, faults]: Disk): void => {
  const check = checkUserData(formatFields(fields, 0), settings);
  if (check.kind !== 'node') throw new Error(JSON.stringify(check));
  const { request } = check;
  const files = buildTree(request, facts, templates);
  const names = deriveNames(request, facts.instanceId);
  const host = createFakeHost({ answer: () => ({ status: 0 }) });
  const carryOut = (): string[] => {
    const plan = makePlan(host, files, names);
    applyPlan(host, plan);
    return plan.write.map(({ path }) => path);
  };
  assert.is(carryOut().length, files.length);
  for (const file of files) {
    assert.is(host.entries.get(file.path)?.mode, file.mode, file.path);
    assert.not.match([...host.entries.keys()].join('\n'), 'groundup-new');
  }
  const before = inodes(host);
  assert.equal(carryOut(), []);
  assert.is(inodes(host), before, 'something was written again');
  const spoilt = new Map(
    faults.map(([at, kind]) => [files[at % files.length]?.path ?? '', kind] as const),
  );
  for (const [path, kind] of spoilt) spoil(host, path, kind);
  assert.equal(carryOut().toSorted(), [...spoilt.keys()].toSorted());
  assert.equal(carryOut(), []);
};

export const properties = {
  'no-throw': {
    says: 'no bytes make the checker throw, and every fault has its place',
    input: anyText,
    check: neverThrows,
  } satisfies Property<string>,
  echo: {
    says: 'what is accepted stands in the text, at the place that is named',
    input: anyText,
    check: echoes,
  } satisfies Property<string>,
  identity: {
    says: 'a valid request comes back from its text, however packed',
    input: packed,
    check: isIdentity,
  } satisfies Property<Packed>,
  plan: {
    says: 'a plan that was carried out leaves nothing to do',
    input: disk,
    check: isIdempotent,
  } satisfies Property<Disk>,
} as const;

export type PropertyName = keyof typeof properties;

/** By name, with the type of its input forgotten: inputs come from its own arbitrary or the corpus. */
export const propertyOf = (name: string): Property<unknown> | undefined =>
  Object.hasOwn(properties, name) ? properties[name as PropertyName] : undefined;
