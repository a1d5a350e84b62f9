// The small stages between a checked request and files: render, verify, derive, curl.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBase64 } from '../../cloud-init/base64.ts';
import { formatConfig, parseResponses } from '../../cloud-init/curl.ts';
import { deriveNames, deriveValues, type NodeFacts, type Values } from '../../cloud-init/derive.ts';
import { fileTable, templateNames } from '../../cloud-init/files.ts';
import { createLineFeed } from '../../cloud-init/hosts/lines.ts';
import { formatConsoleLine, formatLogLine } from '../../cloud-init/hosts/priorities.ts';
import { parseKubeconfig } from '../../cloud-init/kubeconfig.ts';
import { render, type Template } from '../../cloud-init/render.ts';
import { parseTemplate } from '../../cloud-init/template.ts';
import { delayAfter, delayAfterThrottle } from '../../cloud-init/retry.ts';
import { Secret } from '../../cloud-init/secret.ts';
import { verifiedTemplates, verifyRendered } from '../../cloud-init/verify.ts';
import { settings, templates } from '../fakes/node.ts';

const throws = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
};

test('a template and its values must agree, and nothing is escaped', () => {
  assert.is(
    render('t', parseTemplate('t', 'a={{a}} {{! a remark }}b'), { a: `/<&"'` }),
    `a=/<&"' b`,
  );
  assert.is(
    throws(() => render('t', parseTemplate('t', '{{a}}{{b}}'), { a: 1 })),
    't: no value for {{b}}',
  );
  assert.is(
    throws(() => render('t', parseTemplate('t', '{{a}}'), { a: 1, b: 2 })),
    't: the value b is not used',
  );
  assert.is(
    throws(() => parseTemplate('t', '{{#a}}x{{/a}}')),
    't: {{#a}} is not a plain name',
  );
});

const request = { name: 'worker-0', podCidr: '172.20.0.0/24', labels: [], taints: [], settings };
const names = deriveNames(request, 'i-0123456789abc0014');
const facts: NodeFacts = {
  nodeName: 'ip-172-31-0-20',
  nodeIp: '172.31.0.20',
  instanceId: 'i-0123456789abc0014',
  availabilityZone: 'eu-central-1a',
  network: {
    vpcRanges: ['172.31.0.0/16', '10.9.0.0/16'],
    subnetRange: '172.31.0.0/24',
    prefixes: ['172.31.0.64/28', '172.31.0.96/28'],
  },
  mtuBytes: 9001,
};
const values: Values = deriveValues(request, names, facts);

test('names follow from cluster and name', () => {
  assert.equal(names, {
    identity: 'files',
    podNetwork: 'range',
    workerName: 'k8s-cluster-from-ground-up-worker-0',
    nodeSecret: 'k8s/k8s-cluster-from-ground-up/worker-0',
    sharedSecret: 'k8s/k8s-cluster-from-ground-up/shared',
  });
});

const capacities: [string, number][] = [
  ['172.20.0.0/16', 110],
  ['172.20.0.0/24', 110],
  ['172.20.0.0/25', 110],
  ['172.20.0.0/26', 61],
  ['172.20.0.0/28', 13],
];
for (const [podCidr, maxPods] of capacities)
  test(`${podCidr} has room for ${maxPods} pods`, () => {
    assert.is(deriveValues({ ...request, podCidr }, names, facts).maxPods, maxPods);
  });

test('each template has a row in the table of files and a proof, and the other way round', () => {
  assert.equal(templateNames.toSorted(), Object.keys(templates).toSorted());
  assert.equal(templateNames.toSorted(), verifiedTemplates.toSorted());
});

for (const { source } of fileTable) {
  if (source.from !== 'template') continue;
  const { template, uses } = source;
  const used = Object.fromEntries(uses.map((name) => [name, values[name]]));
  const text = render(template, templates[template] as Template, used);
  test(`${template} reads back as it was meant`, () => {
    verifyRendered(template, text, values);
  });
  // Each value, spoilt on its own, must be noticed: a proof that looks away proves nothing.
  for (const name of uses)
    test(`${template}: a wrong ${name} is noticed`, () => {
      const other = {
        ...values,
        [name]: name === 'maxPods' || name === 'mtuBytes' ? 7 : '["other"]',
      };
      assert.match(
        throws(() => verifyRendered(template, text, other)),
        / reads back as /,
      );
    });
}

test('a slip of indentation is noticed', () => {
  const text = 'kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\n';
  assert.is(
    throws(() => verifyRendered('kubelet-config.yaml', text, values)),
    'kubelet-config.yaml: authentication.anonymous.enabled reads back as undefined, not false',
  );
});

test('a config for curl quotes what could end a value', () => {
  const requests = [
    { url: 'http://a/', method: 'PUT', headers: { a: new Secret('q"\\\nurl = "x') } } as const,
    {
      url: 'http://b/',
      body: '{"a":1}',
      signature: { user: new Secret('k:s'), region: 'eu-central-1', service: 'secretsmanager' },
    },
  ];
  const config = formatConfig(requests, { timeoutMs: 5000, connectTimeoutMs: 250 }, 'B');
  const common =
    'silent\ngloboff\nproto = "=http,https"\nconnect-timeout = "0.250"\nmax-time = "5.000"';
  const trailer = 'write-out = "\\nB %{http_code} %{errormsg}\\n"';
  assert.is(
    config.reveal(),
    [
      `url = "http://a/"\n${common}\nrequest = "PUT"`,
      `header = "a: q\\"\\\\\\nurl = \\"x"\n${trailer}\nnext`,
      `url = "http://b/"\n${common}\ndata-raw = "{\\"a\\":1}"`,
      `aws-sigv4 = "aws:amz:eu-central-1:secretsmanager"\nuser = "k:s"\n${trailer}\n`,
    ].join('\n'),
  );
});

test('responses are cut at their trailers, whatever stands in a body', () => {
  const stdout = 'one\n\nB 200 \n\nB 404 \nB 200 x\nno trailer\nB 000 timed out\n';
  assert.equal(parseResponses(stdout, 'B'), [
    { status: 200, body: 'one\n', error: '' },
    { status: 404, body: '', error: '' },
    { status: 0, body: 'B 200 x\nno trailer', error: 'timed out' },
  ]);
  assert.equal(parseResponses('cut off', 'B'), []);
});

test('waits double, have a limit and half of them is random', () => {
  const limits = { deadlineMs: 0, triesMax: 9, delayMs: 100, delayMaxMs: 500 };
  const delays = [1, 2, 3, 4].map((tries) => [
    delayAfter(tries, limits, 0),
    delayAfter(tries, limits, 1),
  ]);
  assert.equal(delays, [
    [50, 100],
    [100, 200],
    [200, 400],
    [250, 500],
  ]);
});

test('who was throttled comes back at any moment of a spread', () => {
  const delays = [1, 2, 3, 4, 9].map((tries) => [
    delayAfterThrottle(tries, 0),
    delayAfterThrottle(tries, 1),
  ]);
  assert.equal(delays, [
    [250, 2250],
    [250, 8750],
    [250, 2750],
    [250, 15_250],
    [250, 15_250],
  ]);
});

test('base64', () => {
  for (const text of ['', 'a', 'ab', 'abc', '-----BEGIN\n', '\u00FF\u0000'])
    assert.is(decodeBase64(Buffer.from(text, 'latin1').toString('base64')), text);
  assert.is(decodeBase64('YW\nJj'), 'abc');
  for (const wrong of ['a', 'ab=c', '$$$$']) assert.is(decodeBase64(wrong), undefined);
});

const kubeconfig = (server: string, user: string) => `kind: Config
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: '${server}', certificate-authority: /ca.pem}}]
users: [{name: u, user: {${user}}}]
`;

test('a kubeconfig with files, with embedded credentials, with a token', () => {
  const files = parseKubeconfig(
    kubeconfig('https://a:6443/', 'client-certificate: /c, client-key: /k'),
  );
  assert.equal(files, {
    server: 'https://a:6443',
    authority: { path: '/ca.pem' },
    certificate: { path: '/c' },
    privateKey: { path: '/k' },
  });
  const embedded = parseKubeconfig(
    kubeconfig('https://a', 'client-certificate-data: YQ==, client-key-data: Yg=='),
  );
  if (typeof embedded === 'string') throw new Error(embedded);
  const { certificate } = embedded;
  assert.is(certificate !== undefined && 'text' in certificate && certificate.text.reveal(), 'a');
  const token = parseKubeconfig(kubeconfig('https://a', 'token: t'));
  assert.is(typeof token === 'string' ? token : token.token?.reveal(), 't');
});

test('a kubeconfig with much base64, however it is written', () => {
  const pem = `-----BEGIN\n${'certificate '.repeat(60)}\n`;
  const data = Buffer.from(pem).toString('base64');
  const lines = (indent: string) => data.replaceAll(/.{120}/g, `$&\n${indent}`);
  const written: Record<string, string> = {
    plain: data,
    'with an anchor': `&a ${data}`,
    'in double quotes': `"${data}"`,
    'in single quotes': `'${data}'`,
    'as a block': `|\n      ${lines('      ')}`,
    'as a folded block': `>-\n      ${lines('      ')}`,
    'over lines': lines('      '),
  };
  for (const [how, text] of Object.entries(written)) {
    const parsed = parseKubeconfig(`kind: Config # ${data}
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters:
- name: c
  cluster:
    server: https://a
    certificate-authority-data: ${text}
users: [{name: u, user: {token: '${data}.-${data}'}}]
`);
    if (typeof parsed === 'string') throw new Error(`${how}: ${parsed}`);
    const { authority, token } = parsed;
    assert.is('text' in authority && authority.text.reveal(), pem, how);
    assert.is(token?.reveal(), `${data}.-${data}`, how);
  }
  const number = kubeconfig('https://a', `token: ${'1'.repeat(120)}`);
  assert.match(parseKubeconfig(number) as string, 'neither a client certificate');
});

const wrongKubeconfigs: [string, string][] = [
  ['', 'is empty'],
  ['a', 'is not of kind Config'],
  ['a: b: c', 'is not YAML'],
  ['kind: Config\n', 'has no context of the name in current-context'],
  [kubeconfig('https://:6443', 'token: t'), 'has no https server'],
  [kubeconfig('http://a', 'token: t'), 'has no https server'],
  [
    kubeconfig('https://a', 'token: t').replace(', certificate-authority: /ca.pem', ''),
    'has no certificate-authority that can be read',
  ],
  [
    kubeconfig('https://a', 'token: t').replace('authority: /ca', 'authority-data: "?", x: /ca'),
    'has no certificate-authority that can be read',
  ],
  [
    kubeconfig('https://a', 'token: t').replace('ca.pem', 'ca.pem, insecure-skip-tls-verify: true'),
    'has insecure-skip-tls-verify beside its certificate-authority',
  ],
  [
    kubeconfig('https://a', 'client-certificate-data: "?", client-certificate: /c, client-key: /k'),
    'has neither a client certificate with its key nor a token',
  ],
  [kubeconfig('https://a', ''), 'has neither a client certificate with its key nor a token'],
];
for (const [text, reason] of wrongKubeconfigs)
  test(`a kubeconfig that ${reason}: ${JSON.stringify(text.slice(-40))}`, () => {
    assert.is(parseKubeconfig(text), reason);
  });

test('journald gets a priority on every line', () => {
  assert.is(formatLogLine('error', 'a\nb'), '<3>a\n<3>b\n');
  assert.is(formatConsoleLine('groundup: a'), '\ngroundup: a\n');
});

test('lines are put together from pieces, until the reader has had enough', () => {
  const seen: string[] = [];
  const feed = createLineFeed((line) => {
    seen.push(line);
    return line === 'stop';
  });
  assert.equal(
    ['a', 'b\nc\nst', 'op\nd\n'].map((piece) => feed.push(piece)),
    [false, false, true],
  );
  assert.equal(seen, ['ab', 'c', 'stop']);
});

test.run();
