/** Noise in texts of lines: pairs, JSON Lines, front matter. */

import { respaceJson } from './noise.ts';
import { restyleYaml } from './noise-yaml.ts';
import type { Random } from './random.ts';

const bodyOf = (text: string): string => text.replace(/^\ufeff/, '');

/** Comment and blank lines before pairs. */
export function layoutNoise(text: string, random: Random): string {
  const lines = bodyOf(text).split('\n');
  return lines.flatMap((line) => (line !== '' && random.chance(3) ? ['# comment = 1', '', line] : [line])).join('\n');
}

export const envQuotes = (text: string): string => bodyOf(text).replace(/^([\w.-]+=)([\w/.:]+)$/gm, "$1'$2'");

export const iniQuotes = (text: string): string => bodyOf(text).replace(/^(\w+ = )([\w.]+)$/gm, '$1"$2"');

export const respellProperties = (text: string, random: Random): string =>
  bodyOf(text).replace(/^(\w+)=(?=\w)/gm, (pair, key: string) => (random.chance(2) ? pair : `  ${key} : `));

export function changeJsonLines(text: string, random: Random): string {
  const lines = bodyOf(text)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines
    .map(
      (line) =>
        `${respaceJson(line, random)
          .replace(/[\r\n]+/g, ' ')
          .trim()}\n`,
    )
    .join('');
}

export function changeLineEndings(text: string, random: Random): string {
  const lines = bodyOf(text)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const end = random.pick(['\r\n', '\n\n', ' \n', '\n']);
  return lines.join(end) + (random.chance(2) ? '' : end);
}

export function restyleFront(text: string, random: Random): string {
  const match = /^---\n([\s\S]*?)^---\n/m.exec(bodyOf(text));
  if (match === null || !bodyOf(text).startsWith('---\n')) return text;
  const front = match[1] === '' ? '' : restyleYaml(match[1] as string, random);
  return `--- \n${front}...\n${bodyOf(text).slice(match[0].length)}`;
}
