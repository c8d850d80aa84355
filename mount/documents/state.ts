/**
 * What is kept with the node of a document, as private attributes:
 *
 * | attribute    | holds                                                                                       |
 * |--------------|---------------------------------------------------------------------------------------------|
 * | `fx.text`    | the text that was accepted last, byte for byte                                              |
 * | `fx.shows`   | the lens of that text, and the hash of what it shows (`hashSource`), with a space between   |
 * | `fx.draft`   | bytes that were saved and not accepted; reading the file gives these                        |
 * | `fx.base`    | the value that the draft was made from, encoded                                             |
 * | `fx.problem` | why: JSON of a `Problem`                                                                    |
 *
 * A document that never had a valid value is a blob: its content is the draft, and only `fx.problem` is kept.
 */
import type { Diagnostic } from '../../lenses/diagnostics.ts';
import type { Complement } from '../../lenses/lens.ts';
import type { Name } from '../../src/names.ts';
import type { Node } from '../../src/store/node.ts';

const TEXT: Name = 'fx.text';
const SHOWS: Name = 'fx.shows';
const DRAFT: Name = 'fx.draft';
const BASE: Name = 'fx.base';
const PROBLEM: Name = 'fx.problem';

/** invalid: it does not parse or breaks the schema; conflict: the node was changed meanwhile, in the same place; unsaved: not checked yet. */
export type ProblemKind = 'invalid' | 'conflict' | 'unsaved';

export interface Problem {
  readonly kind: ProblemKind;
  readonly diagnostics: readonly Diagnostic[];
}

/** More than anyone reads; a schema may find one in each of a million records. */
const DIAGNOSTICS_MAX = 100;
const MESSAGE_CHARACTERS_MAX = 1000;

export interface Kept extends Complement {
  readonly lens: string;
}

/** The text that was accepted last; undefined when there is none. */
export function keptText(node: Node): Kept | undefined {
  const text = node.xattrs?.get(TEXT);
  const shows = node.xattrs?.get(SHOWS);
  if (text === undefined || shows === undefined) return undefined;
  const [lens = '', hash = ''] = Buffer.from(shows).toString('latin1').split(' ');
  return { lens, hash, text };
}

export function draftOf(node: Node): Uint8Array | undefined {
  return node.xattrs?.get(DRAFT);
}

/** The value that the draft was made from. */
export function draftBase(node: Node): Uint8Array | undefined {
  return node.xattrs?.get(BASE);
}

export function problemOf(node: Node): Problem | undefined {
  const bytes = node.xattrs?.get(PROBLEM);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Problem;
  } catch {
    return { kind: 'invalid', diagnostics: [] };
  }
}

type Attributes = Map<Name, Uint8Array | null>;

/** Attributes that keep an accepted text. */
export function keeping({ lens, hash, text }: Kept): Attributes {
  return new Map([
    [TEXT, text],
    [SHOWS, Buffer.from(`${lens} ${hash}`, 'latin1')],
  ]);
}

/** Attributes that keep a draft and why it is one; without bytes only why. */
export function drafting(problem: Problem, draft?: { text: Uint8Array; base: Uint8Array }): Attributes {
  const attributes: Attributes = new Map([[PROBLEM, encodeProblem(problem)]]);
  if (draft !== undefined) attributes.set(DRAFT, draft.text).set(BASE, draft.base);
  return attributes;
}

/** Attributes that take away what a node has of a draft and its problem. */
export function settling(node: Node): Attributes {
  return new Map([DRAFT, BASE, PROBLEM].filter((name) => node.xattrs?.has(name)).map((name) => [name, null]));
}

function encodeProblem({ kind, diagnostics }: Problem): Uint8Array {
  const shown = diagnostics.slice(0, DIAGNOSTICS_MAX).map((diagnostic) => {
    return { ...diagnostic, message: diagnostic.message.slice(0, MESSAGE_CHARACTERS_MAX) };
  });
  return Buffer.from(JSON.stringify({ kind, diagnostics: shown }), 'utf8');
}
