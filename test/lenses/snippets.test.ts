import { expect, test } from 'vitest';
import { applyEdits } from '../../lenses/apply.ts';
import { checksumOf } from '../../lenses/snippet-markers.ts';
import { snippets } from '../../lenses/snippets.ts';
import { branch, hashSource, leaf, nodesOf, type SourceNode } from '../../lenses/source.ts';
import type { FxdNode } from '../../src/fxd/graph.ts';
import { sampleGraph } from '../../src/fxd/sample.ts';
import type { Value } from '../../src/uarr/value.ts';
import { edits, problems } from '../support/lenses/golden.ts';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function snippet(id: string, body: string, order: number, lang = 'js'): SourceNode {
  const meta = new Map<string, Value>([
    ['id', id],
    ['lang', lang],
    ['file', 'src/math.js'],
    ['order', BigInt(order)],
    ['version', 1n],
  ]);
  return leaf(id, body, `n${order}`, meta);
}

const MATH = branch('math', [snippet('scale-001', 'scale();', 1), snippet('add-001', 'add();\nadd();', 0)], 'root');
const TEXT = `/* FX:BEGIN id=add-001 lang=js file=src/math.js checksum=21e8526a order=0 version=1 */
add();
add();
/* FX:END id=add-001 */

/* FX:BEGIN id=scale-001 lang=js file=src/math.js checksum=cad695d0 order=1 version=1 */
scale();
/* FX:END id=scale-001 */
`;

test('snippets stand between markers, by their order, joined by a blank line', () => {
  expect(textOf(snippets.get(MATH))).toBe(TEXT);
  expect(snippets.size?.(MATH)).toBe(TEXT.length);
  expect(textOf(snippets.get(branch('empty', [], 'root')))).toBe('');
});

test('the checksum is that of FXD', () => {
  expect(checksumOf('ab')).toBe(97 * 31 + 98);
  expect(checksumOf('scale();').toString(16)).toBe('cad695d0');
  expect(checksumOf('a\r\nb')).toBe(checksumOf('a\nb'));
});

test('each language has its comment', () => {
  const marker = (lang: string) =>
    textOf(snippets.get(branch('x', [snippet('i', '', 0, lang)], 'root'))).split('\n')[2];
  expect(['ts', 'py', 'ini', 'html', 'rs'].map(marker)).toEqual([
    '/* FX:END id=i */',
    '# FX:END id=i',
    '; FX:END id=i',
    '<!-- FX:END id=i -->',
    '// FX:END id=i',
  ]);
});

test('ids are escaped in markers and the node keeps its own', () => {
  const odd = branch('x', [leaf('k', 'v', 'n1', new Map([['id', 'a b="c"\\d']]))], 'root');
  const text = textOf(snippets.get(odd));
  expect(text.split('\n')[0]).toBe('// FX:BEGIN id=a_b\\=\\"c\\"\\\\d checksum=00000076');
  expect(edits(snippets, odd, text.replace('v\n', 'w\n'))).toEqual(['set n1 . "w"']);
});

test('a changed text is an edit of its node; another marker attribute one of its metadata', () => {
  expect(edits(snippets, MATH, TEXT.replace('scale();', 'scale(2);'))).toEqual(['set n1 . "scale(2);"']);
  expect(edits(snippets, MATH, TEXT.replace('order=1', 'order=5'))).toEqual(['set n1 meta.order 5']);
  expect(edits(snippets, MATH, TEXT.replaceAll('\n', '\r\n'))).toEqual([]);
});

test('snippets come and go', () => {
  expect(edits(snippets, MATH, TEXT.replace(/\n\/\* FX:BEGIN id=scale[\s\S]*/, ''))).toEqual(['delete n1']);
  expect(edits(snippets, MATH, `${TEXT}\n// FX:BEGIN id=new lang=rs order=7\nfn x() {}\n// FX:END id=new\n`)).toEqual([
    'create +1 in root as "new" "fn x() {}" meta { "id": "new", "lang": "rs", "order": 7 }',
  ]);
});

test('a file that was not touched does not undo what the store has now', () => {
  const now = applyEdits(MATH, [{ op: 'set', node: 'n1', part: 'value', path: [], value: 'newer();' }]);
  expect(edits(snippets, now, TEXT)).toEqual([]);
  expect(edits(snippets, now, TEXT.replaceAll('add();', 'sum();'))).toEqual(['set n0 . "sum();\\nsum();"']);
  expect(edits(snippets, now, TEXT.replace('scale();', 'other();'))[0]).toMatch(
    /^6:1: error: the snippet "scale-001" changed in the file and in the store.*\[conflict\]$/,
  );
});

test('saving twice and going back work, though the marker keeps the first checksum', () => {
  const second = TEXT.replace('scale();', 'two();');
  const after = applyEdits(MATH, [{ op: 'set', node: 'n1', part: 'value', path: [], value: 'two();' }]);
  const complement = { text: Buffer.from(second), hash: hashSource(after) };
  expect(edits(snippets, after, second.replace('two();', 'three();'), { complement })).toEqual(['set n1 . "three();"']);
  expect(edits(snippets, after, TEXT, { complement })).toEqual(['set n1 . "scale();"']);
});

test('a changed node changes its block alone', () => {
  const text = TEXT.replace('\n\n', '\n\n\n').replace(' version=1 */\nadd', ' */\nadd');
  const changed = applyEdits(MATH, [{ op: 'set', node: 'n1', part: 'value', path: [], value: 'x();' }]);
  const complement = { text: Buffer.from(text), hash: hashSource(MATH) };
  expect(textOf(snippets.get(changed, complement))).toBe(
    text.replace('scale();', 'x();').replace('cad695d0', '003727e2'),
  );
});

test('what is wrong is told with its place', () => {
  expect(problems(snippets, `${TEXT}lost();\n`)[0]).toMatch(/^9:1: error: this line is in no snippet.*\[outside\]$/);
  expect(problems(snippets, TEXT + TEXT)).toEqual([
    '9:1: error: the snippet "add-001" is there already [duplicate-id]',
    '14:1: error: the snippet "scale-001" is there already [duplicate-id]',
  ]);
  expect(problems(snippets, TEXT.replace('/* FX:END id=add-001 */\n', ''))[0]).toMatch(
    /^5:1: error: a snippet begins inside another.*\[marker\]$/,
  );
  expect(problems(snippets, '# FX:BEGIN id=a\nx\n')[0]).toMatch(
    /^1:1: error: the FX:END of this snippet is missing \[marker\]$/,
  );
  expect(problems(snippets, '# FX:BEGIN id=a\n# FX:END id=b\n')[0]).toMatch(
    /^2:1: error: .*another snippet.*\[marker\]$/,
  );
  expect(problems(snippets, '# FX:END id=b\n')[0]).toMatch(/\[marker\]$/);
  expect(problems(snippets, '# FX:BEGIN\n')[0]).toBe('1:1: error: FX:BEGIN needs an id: id=NAME [marker]');
});

test('what cannot stand between markers is not shown', () => {
  const refuses = (node: SourceNode) => snippets.refuses(branch('x', [node], 'root'));
  expect(refuses(snippet('a', 'x\n  # FX:END id=b\n', 0))).toMatch(/marker line/);
  expect(refuses(snippet('a*/b', '', 0))).toMatch(/end the comment/);
  expect(refuses(leaf('n', 1n, 'n1'))).toMatch(/no text/);
  expect(snippets.refuses(branch('x', [snippet('a b', '', 0), snippet('a_b', '', 1)], 'root'))).toMatch(/two snippets/);
});

test('the snippets of the sample graph come through', () => {
  const graph = sampleGraph();
  const found = [...graph.nodes.values()].filter(({ type }: FxdNode) => type === 'snippet');
  expect(found.length).toBeGreaterThan(3);
  const source = branch(
    'all',
    found.map(({ id, key, value, meta }) => leaf(key ?? '', value, id, meta)),
    'root',
  );
  const bytes = snippets.get(source);
  expect(edits(snippets, source, textOf(bytes))).toEqual([]);
  const made = snippets.create(bytes);
  const bodies = (of: SourceNode) => [...nodesOf(of)].slice(1).map(({ value, meta }) => [meta?.get('id'), value]);
  expect(made.ok && bodies(made.source).sort()).toEqual(bodies(source).sort());
});
