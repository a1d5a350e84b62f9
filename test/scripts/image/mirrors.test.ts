// The machine's apt settings, in both of apt's formats, name the mirrors of the base.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseMirrors, urisOf } from '../../../scripts/image/mirrors.ts';

const inner = {
  archive: 'http://mirror.example/debian',
  security: 'http://mirror.example/security',
};

const cases: [name: string, sources: string, expected: typeof inner | undefined][] = [
  [
    'deb822',
    'Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n\n' +
      'Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\n',
    inner,
  ],
  [
    'one-line with options',
    'deb [signed-by=/x.gpg] http://mirror.example/debian trixie main\n' +
      'deb http://mirror.example/security trixie-security main\n',
    inner,
  ],
  ['no security archive', 'deb http://mirror.example/debian trixie main\n', undefined],
  ['nothing', '', undefined],
  ['other publishers only', 'deb https://packages.example/apt cloud-sdk main\n', undefined],
  ['another distribution', 'deb http://archive.example/ubuntu noble main\n', undefined],
  ['a comment', '# deb http://mirror.example/debian trixie main\n', undefined],
];
for (const [name, sources, expected] of cases)
  test(name, () => {
    assert.equal(chooseMirrors(urisOf(sources)), expected);
  });

test.run();
