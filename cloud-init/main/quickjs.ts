// The agent on a node: `qjs --std -m agent.mjs configure|warm`. Bundled by scripts/image/agent.ts.
import * as std from 'std';
import { runAgent } from '../commands.ts';
import { environmentOf } from '../environment.ts';
import bridge from '../templates/172-20-bridge.conflist.mustache';
import prefixes from '../templates/10-prefixes.conflist.mustache';
import loopback from '../templates/99-loopback.conf.mustache';
import kubeProxyConfig from '../templates/kube-proxy-config.yaml.mustache';
import kubeletConfig from '../templates/kubelet-config.yaml.mustache';
import nodeEnvironment from '../templates/node.env.mustache';
import podRules from '../templates/pod-network.nft.mustache';
import { host } from './quickjs-node.ts';

const templates = {
  '172-20-bridge.conflist': bridge,
  '10-prefixes.conflist': prefixes,
  'pod-network.nft': podRules,
  '99-loopback.conf': loopback,
  'kubelet-config.yaml': kubeletConfig,
  'kube-proxy-config.yaml': kubeProxyConfig,
  'node.env': nodeEnvironment,
};

const environment = environmentOf(std.getenv, templates);
// The first argument is the script itself.
std.exit(runAgent(host, scriptArgs.slice(1), environment));
