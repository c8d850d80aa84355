/**
 * Addresses of nodes, and how they are resolved.
 *
 *     /a/b  n://a/b        by path from the root
 *     n:<NodeID text>      by identity
 *     n:<NodeID text>/a/b  by path from the directory with that identity
 *
 * Paths are text; bytes of names that are not UTF-8 stand as lone surrogates (names.ts). Repeated and
 * closing slashes count as one. "." and ".." are no names (BAD_NAME), and symbolic links are nodes like
 * any other: they are never followed.
 */
import { FxError } from '../errors.ts';
import { nodeIdFromText, nodeIdToText } from '../ids.ts';
import { checkName, type Name, nameFromText, nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, type Node, ROOT_INO } from '../store/node.ts';
import { kindName } from './kinds.ts';

/** A node: its address as text, or the node itself as an earlier call returned it. */
export type Ref = string | Node;

/** Where a path leads, as far as it exists. */
export interface Place {
  /** The node at the path; undefined when there is none. */
  readonly node: Node | undefined;
  /** The deepest directory that exists on the way to `name`. */
  readonly parent: Node;
  /** Names of the directories that are missing between `parent` and `name`. */
  readonly missing: readonly Name[];
  /** The last name of the path; '' when the path is the root or an identity alone. */
  readonly name: Name;
}

/** The text that stands for `ref` in messages. */
export function refText(ref: Ref): string {
  return typeof ref === 'string' ? ref : `n:${nodeIdToText(ref.id)}`;
}

/** INVALID: no address. BAD_NAME, NAME_TOO_LONG: a name in it. NOT_FOUND: the identity it starts from. NOT_DIRECTORY. */
export function locate(store: StoreApi, address: string): Place {
  const { base, names } = parseAddress(store, address);
  const last = names.pop();
  if (last === undefined) return { node: base, parent: base, missing: [], name: '' };
  let parent = base;
  for (let i = 0; i < names.length; i++) {
    const child = childOf(store, parent, names[i] as Name);
    if (child === undefined) return { node: undefined, parent, missing: names.slice(i), name: last };
    parent = child;
  }
  return { node: childOf(store, parent, last), parent, missing: [], name: last };
}

function parseAddress(store: StoreApi, address: string): { base: Node; names: Name[] } {
  let base = rootOf(store);
  let path = address;
  if (address.startsWith('n://')) {
    path = address.slice(3);
  } else if (address.startsWith('n:')) {
    const slash = address.indexOf('/');
    const idText = address.slice(2, slash < 0 ? undefined : slash);
    path = slash < 0 ? '/' : address.slice(slash);
    const node = store.nodeById(nodeIdFromText(idText));
    if (node === undefined) throw new FxError('NOT_FOUND', `no node has the identity ${idText}`);
    base = node;
  } else if (!address.startsWith('/')) {
    throw new FxError('INVALID', 'this is no address; it must start with "/", "n://" or "n:"');
  }
  const names: Name[] = [];
  for (const part of path.split('/')) {
    if (part === '') continue;
    const name = nameFromText(part);
    checkName(name);
    names.push(name);
  }
  return { base, names };
}

export function rootOf(store: StoreApi): Node {
  const root = store.node(ROOT_INO);
  if (root === undefined) throw new FxError('DAMAGED', 'the store has no root; run "fxmount verify" on it');
  return root;
}

function childOf(store: StoreApi, parent: Node, name: Name): Node | undefined {
  if (parent.kind !== KIND.directory) {
    throw new FxError(
      'NOT_DIRECTORY',
      `${pathOf(store, parent) ?? refText(parent)} is a ${kindName(parent.kind)}, not a directory`,
    );
  }
  const slot = store.slot(parent, name);
  return slot === undefined ? undefined : store.node(slot.ino);
}

/** The node of `ref`, or undefined. NOT_DIRECTORY, INVALID, BAD_NAME as `locate`. */
export function find(store: StoreApi, ref: Ref): Node | undefined {
  if (typeof ref !== 'string') return store.node(ref.ino);
  if (ref.startsWith('n:') && !ref.includes('/')) return store.nodeById(nodeIdFromText(ref.slice(2)));
  return locate(store, ref).node;
}

/** The node of `ref`. NOT_FOUND says which name is missing where. */
export function resolve(store: StoreApi, ref: Ref): Node {
  if (typeof ref !== 'string') {
    const node = store.node(ref.ino);
    if (node === undefined) throw new FxError('STALE', 'the node was removed');
    return node;
  }
  const place = locate(store, ref);
  return place.node ?? missing(store, place);
}

/** Throws NOT_FOUND for a place without node. */
export function missing(store: StoreApi, place: Place): never {
  const name = nameToText(place.missing[0] ?? place.name);
  throw new FxError('NOT_FOUND', `"${name}" does not exist in ${pathOf(store, place.parent) ?? refText(place.parent)}`);
}

/** A name that exists. NOT_PERMITTED for the root, and for an identity: it says which node, not which of its names. */
export function locateNamed(store: StoreApi, path: string): Place & { node: Node } {
  const place = locate(store, path);
  const node = place.node ?? missing(store, place);
  if (place.name === '')
    throw new FxError('NOT_PERMITTED', 'a name in a directory is needed here, not the root or an identity');
  return { ...place, node };
}

/** The node's first path, or undefined when it was removed and is only held open. */
export function pathOf(store: StoreApi, node: Node): string | undefined {
  return pathsOf(store, node)[0];
}

/** All paths of a node: one for each hard link, in the order they were made. The root's is "/". */
export function pathsOf(store: StoreApi, node: Node): string[] {
  if (node.ino === ROOT_INO) return ['/'];
  const paths: string[] = [];
  for (const link of node.links) {
    const parent = directoryPath(store, link.parent);
    if (parent !== undefined) paths.push(`${parent}/${nameToText(link.name)}`);
  }
  return paths;
}

/** Path of a directory without closing slash, '' for the root; undefined when it hangs under no root. */
function directoryPath(store: StoreApi, ino: number): string | undefined {
  let path = '';
  for (let at = ino; at !== ROOT_INO; ) {
    const link = store.node(at)?.links[0];
    if (link === undefined) return undefined;
    path = `/${nameToText(link.name)}${path}`;
    at = link.parent;
  }
  return path;
}

/** Runs `body`; an FxError from it says what was being done: "cannot `doing` `ref`: …". */
export function describing<T>(doing: string, ref: Ref, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw described(doing, ref, error);
  }
}

/** The error that `describing` throws for `error`. */
export function described(doing: string, ref: Ref, error: unknown): unknown {
  if (!(error instanceof FxError)) return error;
  return new FxError(error.code, `cannot ${doing} ${refText(ref)}: ${error.message}`, { cause: error });
}
