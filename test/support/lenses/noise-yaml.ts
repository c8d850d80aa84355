/** Noise in YAML texts. */
import { parseYaml } from '../../../lenses/yaml-parse.ts';
import { printFlow, printYaml } from '../../../lenses/yaml-print.ts';
import type { Value } from '../../../src/uarr/value.ts';
import type { Random } from './random.ts';

const bodyOf = (text: string): string => text.replace(/^\ufeff/, '');
const parse = (text: string): Value => parseYaml(bodyOf(text)).root.value;

/** Comment lines, blank lines, and comments behind entries, at the left margin, where no scalar can go on. */
export function addYamlComments(text: string, random: Random): string {
  const lines = bodyOf(text).split('\n');
  const result = lines.flatMap((line) => {
    const extra: string[] = [];
    if (/^[^\s%]/.test(line) && random.chance(3)) extra.push('# comment: "x"');
    if (/^(?:[A-Za-z]+:|-)(?: |$)/.test(line) && random.chance(3)) return [...extra, `${line}  # behind`];
    return [...extra, line];
  });
  return result.join('\n');
}

export function addYamlTags(text: string, random: Random): string {
  return text.replace(/^([A-Za-z]+: )(?=["\d[{])/gm, (entry) => (random.chance(2) ? `${entry}!tag ` : entry));
}

function reversed(value: Value): Value {
  if (Array.isArray(value)) return value.map(reversed);
  if (!(value instanceof Map)) return value;
  return new Map([...value].reverse().map(([key, item]) => [key, reversed(item)] as const));
}

/** The same value in flow style, or with its keys in another order. */
export function restyleYaml(text: string, random: Random): string {
  const value = parse(text);
  return random.chance(2) ? `${printFlow(value)}\n` : printYaml(reversed(value));
}

export function splitDocuments(text: string): string {
  const value = parse(text);
  if (!Array.isArray(value) || value.length < 2) return text;
  return value.map((item) => `---\n${printYaml(item)}`).join('');
}
