/**
 * TOML 1.0 (https://toml.io/en/v1.0.0).
 *
 * | value                     | text                                                     |
 * |---------------------------|----------------------------------------------------------|
 * | map                       | a table `[a.b]`                                          |
 * | array of maps             | an array of tables `[[a]]`                               |
 * | array                     | on one line; maps in it as inline tables                 |
 * | string                    | in double quotes; several lines in three                 |
 * | i64, f64                  | `1`, `1.0`, `inf`, `nan`                                 |
 * | timestamp                 | an offset date-time                                      |
 * | bytes, UUID, node reference | text; the node keeps the type                   |
 *
 * Caveats: TOML has no null, and its root is a table: other values are not shown. Local dates and times, and
 * times outside a timestamp's range, are strings; a text that says one in quotes is equal.
 */
import { YAML_BYTES_MAX } from '../src/limits.ts';
import { Sized, type Value } from '../src/uarr/value.ts';
import { type DocumentFormat, documentLens } from './document.ts';
import { canonicalJson } from './json.ts';
import { jsonTyping } from './json-typing.ts';
import type { Equivalence, Lens } from './lens.ts';
import { parseToml, type TomlNode } from './toml-parse.ts';
import { printToml } from './toml-print.ts';
import { spliceToml } from './toml-splice.ts';

function canonizeToml(text: string): string {
  try {
    const { root, problems } = parseToml(text.replace(/^\ufeff/, ''));
    return problems.length > 0 ? text : canonicalJson(root.value);
  } catch {
    return text;
  }
}

const EQUIVALENCES: readonly Equivalence[] = [
  { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
  { name: 'comments', meaning: 'comments and blank lines', canonize: canonizeToml },
  {
    name: 'style',
    meaning: 'inline tables, keys with dots, kinds of string, underscores, order of keys',
    canonize: canonizeToml,
  },
  { name: 'local-times', meaning: 'local dates and times as strings', canonize: canonizeToml },
];

const typing = jsonTyping({ nonFinite: true, times: true });

export const tomlFormat: DocumentFormat<TomlNode> = {
  name: 'toml',
  version: 1,
  extensions: ['.toml', 'pipfile', 'cargo.lock', 'poetry.lock'],
  mediaType: 'application/toml',
  equivalences: EQUIVALENCES,
  bytesMax: YAML_BYTES_MAX,
  ...typing,
  refuses(value) {
    return value instanceof Map
      ? refusesInside(typing.show(value))
      : 'the root of a TOML text is a table: only a map fits';
  },
  parse: parseToml,
  print: printToml,
  splice: spliceToml,
};

function refusesInside(value: Value): string | undefined {
  if (value === null) return 'it holds a null, which TOML cannot say';
  if (value instanceof Sized) return 'it holds an integer over 2^63 - 1, which TOML cannot say';
  if (typeof value === 'string')
    return isWellFormed(value) ? undefined : 'it holds a lone surrogate, which no UTF-8 text can';
  if (Array.isArray(value)) return firstOf(value.map(refusesInside));
  if (!(value instanceof Map)) return undefined;
  return firstOf(Array.from(value, ([key, item]) => refusesInside(key) ?? refusesInside(item)));
}

function firstOf(reasons: readonly (string | undefined)[]): string | undefined {
  return reasons.find((reason) => reason !== undefined);
}

function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

export const toml: Lens = documentLens(tomlFormat);
