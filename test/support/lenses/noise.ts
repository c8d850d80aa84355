/** Noise generators that several lenses share. */
import type { Random } from './random.ts';

export const addBom = (text: string): string => (text.startsWith('\ufeff') ? text : `\ufeff${text}`);

export function changeLastNewline(text: string, random: Random): string {
  if (!text.endsWith('\n')) return text;
  const body = text.slice(0, -1);
  if (body.endsWith('\r')) return text;
  return random.chance(2) || body.endsWith('\n') ? `${body}\r\n` : body;
}

/** Splits JSON into strings and the rest, so that noise stays out of strings. */
function jsonTokens(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^"{}[\],:\s]+/gs) ?? [];
}

const SPACES = ['', ' ', '\n', '\t', '\r\n  ', '  '] as const;

export function respaceJson(text: string, random: Random): string {
  const spaced = jsonTokens(text).map((token) => random.pick(SPACES) + respellToken(token, random));
  return `${spaced.join('')}${random.pick(SPACES)}`;
}

function respellToken(token: string, random: Random): string {
  if (token.startsWith('"') && random.chance(4)) {
    return token.replace(/[a-z](?![^\\]*\\u)/i, (char) =>
      token.includes('\\') ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  }
  if (/^-?\d+\.0$/.test(token) && random.chance(2)) return `${token.slice(0, -2)}e0`;
  return token;
}

const COMMENTS = ['/* c */', '// c\n', '/* "a": 1, */'] as const;

export function addJsonComments(text: string, random: Random): string {
  const tokens = jsonTokens(text);
  return tokens
    .map((token, i) => {
      const comma = /^[}\]]$/.test(token) && !/^[{[,]$/.test(tokens[i - 1] ?? ',') && random.chance(3) ? ',' : '';
      return `${comma}${random.chance(3) ? random.pick(COMMENTS) : ''}${token}`;
    })
    .join(' ');
}
