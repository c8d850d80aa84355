/**
 * YAML 1.2 (https://yaml.org/spec/1.2.2/), core schema.
 *
 * | value                          | text                                                            |
 * |--------------------------------|-----------------------------------------------------------------|
 * | map, array                     | block style; empty ones `{}`, `[]`                              |
 * | string                         | plain where every reader takes it for text, else in quotes;     |
 * |                                | several lines as a literal block                                |
 * | i64, u64, f64                  | `1`, `1.0`, `.inf`, `.nan`                                      |
 * | bytes                          | `!!binary "..."`                                                |
 * | timestamp, UUID, node reference| their text; the node keeps the type                             |
 *
 * Read besides: anchors and aliases (as copies), merge keys `<<`, several documents (as an array), `!!str` and the
 * like. Tags of an application (`!Ref x`) stay in the text and are no part of the value.
 *
 * Caveats: keys are strings, so the keys `1` and `"1"` are one. A change inside an alias, or of what `<<` brings in,
 * is written out in that place. `yes`, `on` and `012` are as YAML 1.2 has them: two strings and the number 12.
 */
import { YAML_BYTES_MAX } from '../src/limits.ts';
import type { Value } from '../src/uarr/value.ts';
import { type DocumentFormat, documentLens } from './document.ts';
import { canonicalJson } from './json.ts';
import { jsonTyping } from './json-typing.ts';
import type { Equivalence, Lens } from './lens.ts';
import { parseYaml, type YamlNode } from './yaml-parse.ts';
import { printYaml } from './yaml-print.ts';
import { spliceYaml } from './yaml-splice.ts';

function canonizeYaml(text: string): string {
  try {
    const { root, problems } = parseYaml(text.replace(/^\ufeff/, ''));
    return problems.some(({ severity }) => severity !== 'warning') ? text : canonicalJson(root.value);
  } catch {
    return text;
  }
}

const EQUIVALENCES: readonly Equivalence[] = [
  { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
  { name: 'comments', meaning: 'comments and blank lines', canonize: canonizeYaml },
  {
    name: 'style',
    meaning: 'flow and block, quotes, spelling of numbers and nulls, order of keys',
    canonize: canonizeYaml,
  },
  { name: 'documents', meaning: 'an array as several documents', canonize: canonizeYaml },
  { name: 'tags', meaning: 'tags of an application', canonize: canonizeYaml },
];

export const yamlFormat: DocumentFormat<YamlNode> = {
  name: 'yaml',
  version: 1,
  extensions: ['.yaml', '.yml'],
  mediaType: 'application/yaml',
  equivalences: EQUIVALENCES,
  bytesMax: YAML_BYTES_MAX,
  ...jsonTyping({ nonFinite: true, bytes: true }),
  refuses: refusesYaml,
  parse: parseYaml,
  print: printYaml,
  splice: spliceYaml,
};

function refusesYaml(value: Value): string | undefined {
  return depthOf(value, 0) > 100 ? 'the value is nested deeper than 100 levels' : undefined;
}

function depthOf(value: Value, depth: number): number {
  if (depth > 100) return depth;
  if (Array.isArray(value))
    return value.reduce<number>((most, item) => Math.max(most, depthOf(item, depth + 1)), depth);
  if (!(value instanceof Map)) return depth;
  let most = depth;
  for (const item of value.values()) most = Math.max(most, depthOf(item, depth + 1));
  return most;
}

export const yaml: Lens = documentLens(yamlFormat);
