/** Noise in TOML texts. */
import { parseToml } from '../../../lenses/toml-parse.ts';
import { printInlineToml, printKey, printToml } from '../../../lenses/toml-print.ts';
import type { Value, ValueMap } from '../../../src/uarr/value.ts';
import type { Random } from './random.ts';

const read = (text: string): ValueMap => parseToml(text.replace(/^\ufeff/, '')).root.value as ValueMap;

/** Comment lines before pairs and headers, comments behind headers; not inside strings of several lines. */
export function addTomlComments(text: string, random: Random): string {
  if (text.includes('"""')) return `# comment\n${text.replace(/^\ufeff/, '')}`;
  const lines = text.replace(/^\ufeff/, '').split('\n');
  return lines
    .flatMap((line) => [
      ...(random.chance(4) ? ['# comment = 1', ''] : []),
      line.startsWith('[') && random.chance(3) ? `${line} # c` : line,
    ])
    .join('\n');
}

function reversed(value: Value): Value {
  if (Array.isArray(value)) return value.map(reversed);
  if (!(value instanceof Map)) return value;
  return new Map([...value].reverse().map(([key, item]) => [key, reversed(item)] as const));
}

/** The same values as inline tables, with keys with dots, or in another order. */
export function restyleToml(text: string, random: Random): string {
  const value = read(text);
  switch (random.below(3)) {
    case 0:
      return Array.from(value, ([key, item]) => `${printKey(key)} = ${printInlineToml(item)}\n`).join('');
    case 1:
      return printToml(reversed(value));
    default:
      return Array.from(value, ([key, item]) => {
        if (!(item instanceof Map) || item.size === 0) return `${printKey(key)} = ${printInlineToml(item)}\n`;
        return Array.from(
          item,
          ([name, field]) => `${printKey(key)} . ${printKey(name)}=${printInlineToml(field)}\n`,
        ).join('');
      }).join('');
  }
}

/** Strings that look like local dates or times lose their quotes. */
export function unquoteTimes(text: string): string {
  return text.replace(/^([A-Za-z0-9_-]+ = )"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]))"$/gm, '$1$2');
}
