/** Sets of snippets, changes to them, and noise in their files. */
import fc from 'fast-check';
import type { Edit, Handle } from '../../../lenses/edits.ts';
import { parseBlocks } from '../../../lenses/snippet-markers.ts';
import { branch, leaf, type SourceNode } from '../../../lenses/source.ts';
import type { Value } from '../../../src/uarr/value.ts';
import type { Random } from './random.ts';
import { withIds } from './trees.ts';
import { texts } from './values.ts';

const LANGUAGES = ['js', 'py', 'sh', 'ini', 'html', 'rs', ''];
const BODIES = ['', 'a();\n', 'function f() {\n  return 1;\n}', '\n', 'x\r\ny', '# FX', '/* FX:BEGINNING */', 'x\r'];
const bodies = fc.oneof(fc.constantFrom(...BODIES), texts);

const snippet: fc.Arbitrary<SourceNode> = fc
  .record({
    key: fc.constantFrom('a', 'b', 'helpers-001', 'main', 'odd name', 'eq=1', 'back\\slash', "quo'te"),
    body: bodies,
    lang: fc.constantFrom(...LANGUAGES),
    file: fc.constantFrom('src/a.js', '', 'with space.py', 'a=b'),
    order: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ key, body, lang, file, order }) =>
    leaf(
      key,
      body,
      null,
      new Map<string, Value>([
        ['id', key],
        ['lang', lang],
        ['file', file],
        ['order', BigInt(order)],
        ['note', 'kept'],
      ]),
    ),
  );

export const snippetSets: fc.Arbitrary<SourceNode> = fc
  .uniqueArray(snippet, { maxLength: 5, selector: ({ key }) => key })
  .map((children) => withIds(branch('view', children)));

export function snippetChange(source: SourceNode, random: Random): Edit[] {
  const children = source.children ?? [];
  const node = children.length === 0 ? undefined : random.pick(children);
  const id = random.pick(['fresh', 'fresh 2']);
  switch (random.below(5)) {
    case 0: {
      if (children.some(({ key }) => key === id)) return [];
      const meta = new Map<string, Value>([
        ['id', id],
        ['lang', 'js'],
        ['order', BigInt(random.below(4))],
      ]);
      return [
        {
          op: 'create',
          node: `made${random.below(1e9)}`,
          parent: source.id as Handle,
          key: id,
          value: random.pick(BODIES),
          meta,
          directory: false,
          before: null,
        },
      ];
    }
    case 1:
      return node === undefined ? [] : [{ op: 'delete', node: node.id as Handle }];
    case 2:
      if (node === undefined) return [];
      return [{ op: 'set', node: node.id as Handle, part: 'meta', path: ['order'], value: BigInt(random.below(9)) }];
    default:
      if (node === undefined) return [];
      return [{ op: 'set', node: node.id as Handle, part: 'value', path: [], value: random.pick(BODIES) }];
  }
}

function piecesOf(text: string): string[] {
  const body = text.replace(/^\ufeff/, '');
  return parseBlocks(body).blocks.map(({ start, end }) => {
    const piece = body.slice(start, end);
    return piece.endsWith('\n') ? piece : `${piece}\n`;
  });
}

export const addBlankLines = (text: string, random: Random): string =>
  piecesOf(text)
    .map((piece) => random.pick(['\n', '', '\n \n', '\r\n']) + piece)
    .join('');

export const shuffleBlocks = (text: string): string => piecesOf(text).reverse().join('\n');

export const toCrLf = (text: string): string =>
  /FX:BEGIN[^\n]*\r\n/.test(text) ? text : text.replaceAll('\n', '\r\n');

export const dropAttributes = (text: string, random: Random): string =>
  text.replace(/^(.*FX:BEGIN.*?)(?: (?:lang|file|version|order)=(?:\\.|[^\s\\=])*)/gm, (line, rest: string) =>
    random.chance(2) ? rest : line,
  );

/** Editors leave the checksums of markers as they were served, and write none for new snippets. */
export function keepChecksums(text: string, served: string): string {
  const checksums = new Map(
    parseBlocks(served.replace(/^\ufeff/, '')).blocks.map(({ id, attributes }) => [id, attributes.get('checksum')]),
  );
  const body = text.replace(/^\ufeff/, '');
  const parts: string[] = [text.slice(0, text.length - body.length)];
  let at = 0;
  for (const { id, start, bodyStart } of parseBlocks(body).blocks) {
    const known = checksums.get(id);
    const marker = body
      .slice(start, bodyStart)
      .replace(/ checksum=\w*/, known === undefined ? '' : ` checksum=${known}`);
    parts.push(body.slice(at, start), marker);
    at = bodyStart;
  }
  return parts.join('') + body.slice(at);
}
