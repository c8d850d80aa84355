/**
 * Selectors: what they mean, and what is said of wrong ones.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FxError } from '../../src/errors.ts';
import { nodeIdToText } from '../../src/ids.ts';
import { Tree } from '../../src/tree/tree.ts';
import { Matcher } from '../../src/views/match.ts';
import { parseSelectors } from '../../src/views/selector.ts';
import { MemoryStore } from '../support/memory-store.ts';

const store = new MemoryStore();
const tree = new Tree(store, { uid: 0, gid: 0 });
tree.mkdir('/config');
tree.put('/config/web', { port: 8080, host: 'a.example.org', tags: ['web', 'front'], tls: { on: true, days: 90 } });
tree.put('/config/db', { port: 5432, host: 'b.example.org', big: 2n ** 60n });
tree.put('/config/name', 'site');
tree.put('/config/blob', new Uint8Array([1, 2, 3]));
tree.mkdir('/config/inner');
tree.put('/config/inner/port', 9000);
tree.setAttributes('/config/db', { meta: { 'fxd.type': 'database', 'fxd.id': 'db-1', owner: 'ops' } });
tree.mkdir('/other');
tree.put('/other/note', 'text');
tree.put('/other/float', 1.5);
tree.put('/other/a.b', null);

/** Paths of the nodes that a selector means, in order of the walk. */
function select(text: string): string[] {
  const matcher = new Matcher(store, parseSelectors(text));
  return ['/', ...[...tree.iterate('/')].map(({ path }) => `/${path}`)].filter((path) =>
    matcher.matches(tree.node(path)),
  );
}

const ID = nodeIdToText(tree.node('/config/name').id);

test.each([
  ['.map', ['/config/web', '/config/db']],
  ['.directory', ['/', '/config', '/config/inner', '/other']],
  ['.database', ['/config/db']],
  ['.blob', ['/config/blob']],
  ['.string, .f64', ['/config/name', '/other/note', '/other/float']],
  [`#${ID}`, ['/config/name']],
  ['#db-1', ['/config/db']],
  ['[port]', ['/config/web', '/config/db', '/config/inner']],
  ['[port=8080]', ['/config/web']],
  ['[port>=8080]', ['/config/web', '/config/inner']],
  ['[port<6000]', ['/config/db']],
  ['.map[port!=8080]', ['/config/db']],
  ['.string[port!=8080]', ['/config/name', '/other/note']],
  ['[host^=a.]', ['/config/web']],
  ['[host$=".org"]', ['/config/web', '/config/db']],
  ["[host*='b.ex']", ['/config/db']],
  ['[tags=web]', ['/config/web']],
  ['[tags*=ron]', ['/config/web']],
  ['[tls/on=true]', ['/config/web']],
  ['[tls/days>9]', ['/config/web']],
  ['[big>1152921504606846975]', ['/config/db']],
  ['[big>1152921504606846976]', []],
  ['[owner=ops]', ['/config/db']],
  ['[name=web]', ['/config/web']],
  ['[kind=directory][name^=i]', ['/config/inner']],
  ['[size>2].blob', ['/config/blob']],
  ['[a\\.b]', ['/other']],
  ['.directory > .string', ['/config/name', '/other/note']],
  ['.directory:has([host]) .i64', ['/config/inner/port']],
  ['[name=other] > .i64', []],
  ['.directory:has([host]) > .directory > .i64', ['/config/inner/port']],
  ['.directory .directory .directory', ['/config/inner']],
  ['.directory:not([name=other], [name=inner])', ['/', '/config']],
  ['.directory:has(.i64)', ['/', '/config', '/config/inner']],
  ['.directory:has(.directory > .i64)', ['/', '/config']],
  ['.directory:not(:has(*))', []],
  ['  .f64  ', ['/other/float']],
] as const)('%s', (text, paths) => {
  expect(select(text)).toEqual(paths);
});

test('* means every node', () => {
  expect(select('*').length).toBe(1 + [...tree.iterate('/')].length);
});

test.each([
  ['', 'column 1'],
  ['map', 'column 1: a selector starts with'],
  ['.', 'column 2: a type is expected'],
  ['[', 'column 2'],
  ['[port', 'column 6: "]" or one of'],
  ['[port=', 'column 7: a value is expected'],
  ['[port=1', 'column 8: the "]" is missing'],
  ['[port="1]', 'the text is not closed'],
  ['.a >', 'column 5'],
  ['.a,', 'column 4'],
  [':is(.a)', 'only :not(…) and :has(…)'],
  [':not(.a', 'the ")" of :not('],
  ['.a)', 'column 3: ")" was not expected'],
  [':not('.repeat(40), 'nested deeper'],
  [`.${'a'.repeat(5000)}`, 'at most 4096'],
])('%s is refused: %s', (text, message) => {
  expect(() => parseSelectors(text)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  expect(() => parseSelectors(text)).toThrow(message);
});

test('any text is a selector or an INVALID error', () => {
  const piece = fc.constantFrom(
    '.a',
    '#b',
    '[c]',
    '[d=1]',
    ':not(',
    ':has(',
    ')',
    ' ',
    '>',
    ',',
    '*',
    '"',
    '\\',
    '[',
    ']',
    '=',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        select(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(FxError);
        expect(error).toMatchObject({ code: 'INVALID' });
      }
    }),
    { numRuns: 300 },
  );
});
