// docs/pod-network.md: its table is the code's, and its examples are what a node says.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { deriveNames, deriveValues } from '../../cloud-init/derive.ts';
import { filesWith } from '../../cloud-init/files.ts';
import { checkUserData } from '../../cloud-init/validate.ts';
import { vpc } from '../../scripts/lab/addresses.ts';
import { createNode, environment, settings, type NodeOptions } from '../fakes/node.ts';
import { assertTable, markdownTable, readFences } from './page.ts';

const page = 'docs/pod-network.md';
const instanceId = 'i-0123456789abc0014';
const place = 'meta-data/network/interfaces/macs/0e:49:61:0f:c3:14';
const prefixes = ['172.31.0.64/28', '172.31.0.96/28'];
const facts = {
  nodeName: 'ip-172-31-0-20',
  nodeIp: '172.31.0.20',
  instanceId,
  availabilityZone: 'eu-central-1a',
  network: { vpcRanges: [vpc.vpcCidr], subnetRange: vpc.subnetCidr, prefixes },
  mtuBytes: 9001,
};

test('the modes', () => {
  const plugins: Record<string, string> = {
    '172-20-bridge.conflist': '`bridge`, `host-local`',
    '10-prefixes.conflist': '`ptp`, `host-local`',
  };
  const rows = ['172.20.0.0/24', 'imds-prefix', 'node', 'none'].map((podCidr) => {
    const request = { name: 'worker-0', podCidr, labels: [], taints: [], settings };
    const names = deriveNames(request, instanceId);
    const values = deriveValues(request, names, facts);
    const file = filesWith(names)
      .map(({ path }) => path(names))
      .find((path) => path.endsWith('.conflist'));
    const plugin = plugins[file?.split('/').at(-1) ?? ''] ?? 'somebody else’s';
    const [detail = ''] = Object.values(JSON.parse(values.detectLocal) as Record<string, string>);
    const detection = `${values.detectLocalMode}${detail === '' ? '' : ` \`${detail}\``}`;
    const written = file === undefined ? '' : `\`${file}\``;
    return [`\`${podCidr}\``, plugin, written, String(values.maxPods), detection];
  });
  const header = [
    'pod-cidr',
    'CNI plugins',
    'configuration',
    'maxPods (here 2 prefixes)',
    'how kube-proxy knows its own pods',
  ];
  return assertTable(page, 'pod-networks', markdownTable(header, rows));
});

const scenarios: Record<string, NodeOptions> = {
  'no-prefixes': { userData: 'pod-cidr=imds-prefix|identity=tls-bootstrap' },
  'too-many-pods': {
    userData: 'pod-cidr=imds-prefix|max-pods=58|name=worker-0',
    metadata: { [`${place}/ipv4-prefix`]: prefixes.join('\n') },
  },
};

for (const { info, text } of await readFences(page)) {
  const [kind, scenario = ''] = info.split(' ');
  if (kind === 'user-data')
    test(`the user-data of ${scenario} is valid, and says so`, () => {
      const check = checkUserData(text, settings);
      assert.is(check.kind, 'node', JSON.stringify(check));
      if (check.kind !== 'node') return;
      assert.equal([check.request.podCidr, check.warnings], [scenario, []]);
    });
  if (kind === 'console')
    test(`${scenario} is what the console says`, () => {
      const options = scenarios[scenario];
      assert.ok(options, scenario);
      const host = createNode({
        ...options,
        metadata: { [`${place}/subnet-ipv4-cidr-block`]: vpc.subnetCidr, ...options.metadata },
      });
      assert.is(configure(host, environment), 65);
      assert.is(`${host.consoleLines.join('\n')}\n`, text);
    });
}

test.run();
