/**
 * FXD's marker lines, between which a snippet stands in a file:
 *
 *     /* FX:BEGIN id=helpers-001 lang=js file=src/utils.js checksum=00005f1c order=0 version=1 *\/
 *     ...text...
 *     /* FX:END id=helpers-001 *\/
 *
 * The comment is the language's: block for C-like ones, `#`, `;` or `<!-- -->` for others, else `//`. In values a
 * backslash stands before a backslash, a quote or an equals sign, and white space is `_`. The checksum is that of
 * the text as it was written, with LF line ends: h = h * 31 + UTF-16 unit, in 32 bits, as hexadecimal.
 */
import { type Problem, ProblemError } from './diagnostics.ts';

const COMMENTS: Readonly<Record<string, readonly [string, string]>> = {
  ...Object.fromEntries(
    ['js', 'ts', 'jsx', 'tsx', 'php', 'go', 'cxx', 'css'].map((lang) => [lang, ['/*', ' */'] as const]),
  ),
  py: ['#', ''],
  sh: ['#', ''],
  ini: [';', ''],
  html: ['<!--', ' -->'],
  xml: ['<!--', ' -->'],
};
const DEFAULT_COMMENT = ['//', ''] as const;

const MARKER = /^[ \t]*(?:\/\*|#|;|<!--|\/\/)[ \t]*FX:(BEGIN|END)(?![\w-])(.*?)[ \t]*(?:\*\/|-->)?[ \t]*(\r?)$/;
const ATTRIBUTE = /([A-Za-z]\w*)=((?:\\.|[^\s\\=])*)/g;

export type Attributes = ReadonlyMap<string, string>;

/** A snippet as it stands in a file. */
export interface Block {
  readonly id: string;
  readonly attributes: Attributes;
  /** Its text, with LF for the line ends of a CR LF file. */
  readonly body: string;
  readonly crlf: boolean;
  /** Start of the marker line before it, of its text, of the marker line behind it, and the end of that. */
  readonly start: number;
  readonly bodyStart: number;
  readonly endStart: number;
  readonly end: number;
}

export function checksumOf(text: string): number {
  const lines = text.replaceAll('\r\n', '\n');
  let hash = 0;
  for (let i = 0; i < lines.length; i++) hash = (Math.imul(hash, 31) + lines.charCodeAt(i)) | 0;
  return hash >>> 0;
}

export function printChecksum(text: string): string {
  return checksumOf(text).toString(16).padStart(8, '0');
}

/** The checksum that a marker states; undefined without one, or for what is none. */
export function statedChecksum(attributes: Attributes): number | undefined {
  const text = attributes.get('checksum');
  return text !== undefined && /^[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text, 16) : undefined;
}

export function escapeValue(text: string): string {
  return text.replace(/[\\"'=]/g, '\\$&').replace(/\s/g, '_');
}

function unescapeValue(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

/** A marker line without its newline. */
export function printMarker(
  kind: 'BEGIN' | 'END',
  lang: string,
  attributes: Iterable<readonly [string, string]>,
): string {
  const [open, close] = (Object.hasOwn(COMMENTS, lang) ? COMMENTS[lang] : undefined) ?? DEFAULT_COMMENT;
  const parts = Array.from(attributes, ([name, value]) => ` ${name}=${escapeValue(value)}`);
  return `${open} FX:${kind}${parts.join('')}${close}`;
}

/** A line that is longer is no marker. */
const MARKER_UNITS_MAX = 4096;

function isMarker(line: string): boolean {
  return line.length <= MARKER_UNITS_MAX && line.includes('FX:') && MARKER.test(line);
}

/** Whether some line of a text is a marker: such a text cannot stand between markers. */
export function hasMarker(text: string): boolean {
  return text.includes('FX:') && text.split('\n').some(isMarker);
}

/** Whether a value can stand in a marker of the language. */
export function fitsMarker(value: string): boolean {
  return !/\*\/|-->/.test(value) && (value as unknown as { isWellFormed(): boolean }).isWellFormed();
}

interface MarkerLine {
  readonly kind: string;
  readonly attributes: Attributes;
  readonly crlf: boolean;
  readonly start: number;
  readonly next: number;
}

function* linesOf(text: string): Generator<{ line: string; start: number; next: number }> {
  for (let start = 0; start < text.length; ) {
    const at = text.indexOf('\n', start);
    const end = at < 0 ? text.length : at;
    const next = at < 0 ? end : at + 1;
    yield { line: text.slice(start, end), start, next };
    start = next;
  }
}

/** The blocks of a file, and what is wrong with it. Codes: `marker`, `duplicate-id`, `outside`. */
export function parseBlocks(text: string): {
  readonly blocks: readonly Block[];
  readonly problems: readonly Problem[];
} {
  const blocks: Block[] = [];
  const problems: Problem[] = [];
  const ids = new Set<string>();
  let open: MarkerLine | undefined;
  for (const { line, start, next } of linesOf(text)) {
    const marker = markerOf(line, start, next);
    if (marker === undefined) {
      if (open === undefined && line.trim() !== '')
        throw new ProblemError(
          start,
          'outside',
          'this line is in no snippet, so no node would keep it: move it between markers',
        );
      continue;
    }
    if (marker.kind === 'BEGIN') {
      if (open !== undefined)
        throw new ProblemError(start, 'marker', 'a snippet begins inside another: its FX:END is missing');
      open = marker;
      continue;
    }
    if (open === undefined) throw new ProblemError(start, 'marker', 'FX:END without the FX:BEGIN before it');
    const block = blockOf(text, open, marker);
    if (ids.has(block.id))
      problems.push({ index: open.start, code: 'duplicate-id', message: `the snippet "${block.id}" is there already` });
    ids.add(block.id);
    blocks.push(block);
    open = undefined;
  }
  if (open !== undefined) throw new ProblemError(open.start, 'marker', 'the FX:END of this snippet is missing');
  return { blocks, problems };
}

function markerOf(line: string, start: number, next: number): MarkerLine | undefined {
  const match = isMarker(line) ? MARKER.exec(line) : null;
  if (match === null) return undefined;
  const [, kind = '', rest = '', cr = ''] = match;
  const attributes = new Map(
    Array.from(rest.matchAll(ATTRIBUTE), ([, name = '', value = '']) => [name, unescapeValue(value)] as const),
  );
  if (!attributes.get('id')) throw new ProblemError(start, 'marker', `FX:${kind} needs an id: id=NAME`);
  return { kind, attributes, crlf: cr !== '', start, next };
}

function blockOf(text: string, begin: MarkerLine, end: MarkerLine): Block {
  const id = begin.attributes.get('id') as string;
  if (end.attributes.get('id') !== id)
    throw new ProblemError(
      end.start,
      'marker',
      `this FX:END is of another snippet than the FX:BEGIN before it, of "${id}"`,
    );
  const { crlf } = begin;
  let body = text.slice(begin.next, end.start);
  body = body.endsWith(crlf ? '\r\n' : '\n') ? body.slice(0, crlf ? -2 : -1) : body;
  if (crlf) body = body.replaceAll('\r\n', '\n');
  return {
    id,
    attributes: begin.attributes,
    body,
    crlf,
    start: begin.start,
    bodyStart: begin.next,
    endStart: end.start,
    end: end.next,
  };
}
