/**
 * JSON (RFC 8259) and JSONC (JSON with comments and trailing commas).
 *
 * | value                          | text                                                     |
 * |--------------------------------|----------------------------------------------------------|
 * | i64, u64                       | an integer, exact                                        |
 * | f64                            | with a point or an exponent: `1.0`, `1e+21`              |
 * | everything else                | as `toJsonText` writes it                                |
 *
 * Caveats: `1` is an integer and `1.0` a float. What JSON has no type for shows as text or array and gets its
 * type back from the node while it can be said in that type. Duplicate keys are errors.
 */
import { toJsonText, type Value } from '../src/uarr/value.ts';
import { type CommaListStyle, changeCommaList, type ListChange } from './comma-list.ts';
import { type DocumentFormat, documentLens } from './document.ts';
import type { FieldEdit } from './edits.ts';
import { type JsonNode, parseJson } from './json-parse.ts';
import { JSON_TYPING } from './json-typing.ts';
import type { Equivalence, Lens } from './lens.ts';
import { indentAt, type Replacement, replaceAll } from './replacements.ts';
import { type ContainerChange, sortEdits } from './splice-lists.ts';

const EQUIVALENCES: readonly Equivalence[] = [
  { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
  { name: 'json-text', meaning: 'white space, escapes, spelling of floats, order of keys', canonize: canonizeJson },
];
const COMMENTS: Equivalence = { name: 'comments', meaning: 'comments and trailing commas', canonize: canonizeJson };

/** The text of the same value with sorted keys; a text that is not JSON is its own form. */
function canonizeJson(text: string): string {
  try {
    const { root, problems } = parseJson(text.replace(/^\ufeff/, ''), true);
    return problems.length > 0 ? text : canonicalJson(root.value);
  } catch {
    return text;
  }
}

/** JSON of a value with its keys sorted, at every depth. */
export function canonicalJson(value: Value): string {
  return toJsonText(sorted(value));
}

function sorted(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted);
  if (!(value instanceof Map)) return value;
  return new Map([...value].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)] as const));
}

function format(name: 'json' | 'jsonc'): DocumentFormat<JsonNode> {
  const comments = name === 'jsonc';
  return {
    name,
    version: 1,
    extensions: comments ? ['.jsonc', '.json5c', '.code-workspace', 'tsconfig.json'] : ['.json', '.webmanifest'],
    mediaType: comments ? 'application/jsonc' : 'application/json',
    equivalences: comments ? [...EQUIVALENCES, COMMENTS] : EQUIVALENCES,
    ...JSON_TYPING,
    refuses: () => undefined,
    parse: (text) => parseJson(text, comments),
    print: (value) => `${toJsonText(value)}\n`,
    splice: spliceJson,
  };
}

const STYLE = { padding: '', breakEmpty: true, restOfLine: /^[ \t]*(?:\/\*(?:[^*]|\*(?!\/))*\*\/[ \t]*)*(?:\/\/.*)?$/ };

export function spliceJson(
  text: string,
  tree: JsonNode,
  edits: readonly FieldEdit[],
  newline: string,
): string | undefined {
  const change = sortEdits(tree, edits);
  if (change === undefined) return undefined;
  if (change.root !== undefined)
    return text.slice(0, tree.start) + printAt(change.root.value, '', newline, '  ') + text.slice(tree.end);
  const indentUnit = indentUnitOf(text, tree);
  const replacements: Replacement[] = change.replaced.map(({ member, value }) => {
    const { start, end } = member.node;
    return { start, end, text: printAt(value, indentAt(text, member.start) ?? '', newline, indentUnit) };
  });
  const style: CommaListStyle = { ...STYLE, newline, indentUnit };
  for (const container of change.containers.values()) {
    const node = container.node as JsonNode;
    const list = { open: node.start, close: node.end - 1, members: node.members ?? [] };
    replacements.push(...changeCommaList(text, list, listChange(container, newline, indentUnit), style));
  }
  return replaceAll(text, replacements);
}

function listChange({ removed, inserted }: ContainerChange, newline: string, indentUnit: string): ListChange {
  const prints = new Map<number, ((indent: string) => string)[]>();
  for (const [at, members] of inserted) {
    prints.set(
      at,
      members.map(({ key, value }) => (indent) => {
        const printed = printAt(value, indent, newline, indentUnit);
        return key === undefined ? printed : `${JSON.stringify(key)}: ${printed}`;
      }),
    );
  }
  return { removed, inserted: prints };
}

/** The canonical text of a value whose line is indented by `indent`. */
function printAt(value: Value, indent: string, newline: string, indentUnit: string): string {
  const [first = '', ...rest] = toJsonText(value).split('\n');
  const lines = rest.map((line) => {
    const level = /^ */.exec(line)?.[0].length ?? 0;
    return indent + indentUnit.repeat(level / 2) + line.slice(level);
  });
  return [first, ...lines].join(newline);
}

/** What the text indents its first level by. */
function indentUnitOf(text: string, tree: JsonNode): string {
  const first = tree.members?.[0];
  return (first && indentAt(text, first.start)) || '  ';
}

export const jsonFormat = format('json');
export const jsoncFormat = format('jsonc');
export const json: Lens = documentLens(jsonFormat);
export const jsonc: Lens = documentLens(jsoncFormat);
