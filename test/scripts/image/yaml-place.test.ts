// Places in a YAML text, and the nearest of some known words.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { editDistance, nearestWord } from '../../../cloud-init/nearest.ts';
import { readYaml } from '../../../scripts/image/yaml-place.ts';

const text = `# comment
a: 1
b:
  c: [x, "y z"]
  d:
`;

test('values and keys have line, column and length', () => {
  const yaml = readYaml(text);
  assert.equal(yaml.value, { a: 1, b: { c: ['x', 'y z'], d: null } });
  assert.equal(yaml.placeOfValue(['a']), { line: 2, column: 4, length: 1 });
  assert.equal(yaml.placeOfKey(['b']), { line: 3, column: 1, length: 1 });
  assert.equal(yaml.placeOfValue(['b', 'c', 1]), { line: 4, column: 10, length: 5 });
  assert.equal(yaml.placeOfKey(['b', 'c']), { line: 4, column: 3, length: 1 });
});

test('what is absent or empty is shown at the nearest thing around it', () => {
  const yaml = readYaml(text);
  assert.equal(yaml.placeOfValue(['b', 'd']), { line: 5, column: 3, length: 1 });
  assert.equal(yaml.placeOfValue(['b', 'e']), { line: 3, column: 1, length: 1 });
  assert.equal(yaml.placeOfValue(['z']), { line: 1, column: 1, length: 1 });
});

test('nearest words', () => {
  assert.is(editDistance('kitten', 'sitting'), 3);
  assert.is(editDistance('ab', ''), 2);
  // Two letters that change places are one slip.
  assert.is(editDistance('nmae', 'name'), 1);
  assert.is(nearestWord('nmae', ['name', 'labels']), 'name');
  const known = ['cluster', 'cluster-domain', 'arch', 'images'];
  assert.is(nearestWord('clustr', known), 'cluster');
  assert.is(nearestWord('Image', known), 'images');
  assert.is(nearestWord('cluster-domian', known), 'cluster-domain');
  assert.is(nearestWord('region', known), undefined);
});

test.run();
