// What looks on until the node is Ready: `qjs --std -m ready.mjs`. A program of its own, as QuickJS compiles
// all of a file, and the agent's is twice as long.
import * as std from 'std';
import { environmentOf } from '../environment.ts';
import { ready } from '../ready.ts';
import { host } from './quickjs-node.ts';

std.exit(ready(host, environmentOf(std.getenv, {})));
