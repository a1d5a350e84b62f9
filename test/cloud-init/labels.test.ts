// Values of labels and taints -> what the kubelet gets, or every fault with its place.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkLabels, checkTaints, parseLabels, parseTaints } from '../../cloud-init/labels.ts';

const at = (text: string) => ({ text, line: 1, column: 8 });
const faultsOf = (check: typeof checkLabels, text: string): string[] =>
  check(at(text)).map(({ id, column, message }) => `${column} ${id} ${message}`);

test('labels', () => {
  const text = 'pool=blue, example.com/disk=ssd,empty=,node.kubernetes.io/role=edge';
  assert.equal(faultsOf(checkLabels, text), []);
  assert.equal(parseLabels(text), [
    ['pool', 'blue'],
    ['example.com/disk', 'ssd'],
    ['empty', ''],
    ['node.kubernetes.io/role', 'edge'],
  ]);
});

test('taints', () => {
  const text = 'dedicated=gpu:NoSchedule,karpenter.sh/unregistered:NoExecute';
  assert.equal(faultsOf(checkTaints, text), []);
  assert.equal(parseTaints(text), [
    { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' },
    { key: 'karpenter.sh/unregistered', value: '', effect: 'NoExecute' },
  ]);
});

const rule = 'a label is key=value as Kubernetes has them';
const wrongLabels: [string, string[]][] = [
  ['pool', [`8 bad-label ${rule}; "pool" has no =`]],
  ['a=b,', [`12 bad-label ${rule}; "" stands between commas: there is nothing`]],
  ['=b', [`8 bad-label ${rule}; "=b" has no key`]],
  ['a/b/c=d', [`8 bad-label ${rule}; "a/b/c=d" has more than one / in its key`]],
  ['A.com/b=d', [`8 bad-label ${rule}; "A.com/b=d" has a prefix that is no lower-case DNS name`]],
  [
    '-a=b,c=d e',
    [
      `8 bad-label ${rule}; "-a=b" has a key that is not letters, digits and -_. (at most 63)`,
      `13 bad-label ${rule}; "c=d e" has a value that is not letters, digits and -_. (at most 63)`,
    ],
  ],
  ['a=1,b=2,a=3', ['16 given-twice each is given once; a is there twice']],
  [
    'kubernetes.io/role=edge',
    [
      '8 reserved-label a kubelet may not set labels of kubernetes.io and k8s.io, with few exceptions; kubernetes.io/role is reserved',
    ],
  ],
  [
    'node-role.kubernetes.io/edge=',
    [
      '8 reserved-label a kubelet may not set labels of kubernetes.io and k8s.io, with few exceptions; node-role.kubernetes.io/edge is reserved',
    ],
  ],
];
for (const [text, faults] of wrongLabels)
  test(`labels refused: ${text}`, () => assert.equal(faultsOf(checkLabels, text), faults));

const taintRule = 'a taint is key=value:effect or key:effect';
const wrongTaints: [string, string[]][] = [
  ['dedicated=gpu', [`8 bad-taint ${taintRule}; "dedicated=gpu" has no : before its effect`]],
  ['a=b:Noschedule', [`8 bad-taint ${taintRule}; "a=b:Noschedule" has another effect`]],
  [':NoExecute', [`8 bad-taint ${taintRule}; ":NoExecute" has no key`]],
  ['a=b:NoExecute,a:NoExecute', ['22 given-twice each is given once; a:NoExecute is there twice']],
];
for (const [text, faults] of wrongTaints)
  test(`taints refused: ${text}`, () => assert.equal(faultsOf(checkTaints, text), faults));

test.run();
