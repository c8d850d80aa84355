/**
 * What a lens is: a pure pair of functions between nodes and the bytes of a file. It is synchronous, does
 * no I/O, knows nothing of mounts or stores, and may run in a worker. See README.md beside this file for
 * how to write one.
 *
 * The laws that every lens keeps, tested over the registry:
 *
 * | law         | meaning                                                                              |
 * |-------------|--------------------------------------------------------------------------------------|
 * | GetPut      | putting back what `get` gave is no edit at all                                       |
 * | PutGet      | after a put, `get` with the complement of that put gives the same bytes              |
 * | PutTwice    | putting the same bytes again is no edit                                              |
 * | Undo        | putting the old bytes back gives the old content, and of one change the old ids, too |
 * | Retention   | edits touch only nodes and fields that differ; `get` keeps all bytes outside them    |
 * | Quotient    | noise from a declared equivalence is no edit                                         |
 * | Totality    | for any bytes: nothing is thrown, and positions lie inside the bytes                 |
 * | Atomicity   | a put gives edits or diagnostics, never some of both                                 |
 * | Determinism | the same input gives the same output                                                 |
 */
import type { Value } from '../src/uarr/value.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import type { Edit, FieldPath, Handle } from './edits.ts';
import type { SourceNode } from './source.ts';

/**
 * What a lens shows: the `value` of one node; a `subtree` of nodes as one document; the children of a
 * node as the items of a `collection`; a `composition` of nodes from anywhere, gathered under one root.
 */
export type Scope = 'value' | 'subtree' | 'collection' | 'composition';

/** A difference of two texts that the lens takes as none. What is not declared counts. */
export interface Equivalence {
  /** A word: `whitespace`, `key-order`. The law suite needs a generator of noise under this name. */
  readonly name: string;
  readonly meaning: string;
  /** The text without this difference: texts that differ by it alone have one canonical form. */
  canonize(text: string): string;
}

/** What is kept with a node for a lens: the last text that was accepted, and the hash of what it shows. */
export interface Complement {
  readonly text: Uint8Array;
  /** `hashSource` of the source that the text shows. */
  readonly hash: string;
}

/** A node that was deleted and can come back with its identity. */
export interface Tombstone {
  readonly node: SourceNode & { readonly id: string };
  readonly parent: Handle;
}

/** What a text is put over. */
export interface PutOptions {
  /** Nodes deleted since the file was opened, the latest last. */
  readonly tombstones?: readonly Tombstone[];
  /** The text that `base` shows, as it was served: to tell what a text was made from. */
  readonly complement?: Complement;
  /** Lets pass what is only guarded against: deleting more than half of a collection. */
  readonly force?: boolean;
}

export type Refused = { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };
export type PutResult =
  | { readonly ok: true; readonly edits: readonly Edit[]; readonly warnings: readonly Diagnostic[] }
  | Refused;
export type CreateResult =
  | { readonly ok: true; readonly source: SourceNode; readonly warnings: readonly Diagnostic[] }
  | Refused;

/** What a text says, for checks that need to point into it (a schema's). */
export interface Reading {
  readonly value: Value;
  /** Where the field at a path stands: its value or its key; for a path that is not there the nearest above it. */
  locate(path: FieldPath, part?: 'value' | 'key'): Position;
}
export type ReadResult = ({ readonly ok: true; readonly warnings: readonly Diagnostic[] } & Reading) | Refused;

export interface Lens {
  /** Name by which bindings and messages refer to the lens; never changes meaning. */
  readonly name: string;
  /** Rises when the canonical text of some value changes: what was cached of older versions is stale. */
  readonly version: number;
  /** Ends of file names that `auto` binds to it: `.json`; a whole name such as `.env` counts too. */
  readonly extensions: readonly string[];
  readonly mediaType: string;
  readonly scope: Scope;
  readonly equivalences: readonly Equivalence[];

  /** Why the lens cannot show a source without loss, in one line; undefined when it can. */
  refuses(source: SourceNode): string | undefined;

  /** Exact length of `get(source)` in bytes, where that is arithmetic; undefined where it must be rendered. */
  size?(source: SourceNode): number | undefined;

  /**
   * The file's bytes. With a complement whose hash is the source's: its text. With another: its text, in
   * which only what differs from the source is changed. Without: the canonical text. Never throws for a
   * source that the lens does not refuse. The caller must not change the bytes: they may be a view of a value.
   */
  get(source: SourceNode, complement?: Complement): Uint8Array;

  /** `length` bytes from `offset` of `get(source)`, or fewer at its end, where they can be had without all of it. */
  range?(source: SourceNode, offset: number, length: number): Uint8Array;

  /** What is wrong with the bytes, errors and warnings in the order of the text; empty when nothing is. */
  validate(bytes: Uint8Array): readonly Diagnostic[];

  /** The edits that make `base` show the bytes. All nodes of `base` have ids. */
  put(bytes: Uint8Array, base: SourceNode, options?: PutOptions): PutResult;

  /** New nodes from the bytes alone, without ids; the root's key is empty. */
  create(bytes: Uint8Array): CreateResult;

  /** What the bytes say as one value with places, where the lens has such a value. */
  read?(bytes: Uint8Array): ReadResult;

  /** The same lens with options of a binding. INVALID for options that it does not know. */
  configure?(options: LensOptions): Lens;
}

/** Options of a binding, by name. */
export type LensOptions = Readonly<Record<string, unknown>>;

export function refused(...diagnostics: Diagnostic[]): Refused {
  return { ok: false, diagnostics };
}
