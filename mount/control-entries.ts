/**
 * What the control directory holds: one row for each entry, with the item that it is. A file's bytes are computed when it
 * is looked up; a directory's names and items when they are asked for.
 *
 * | entry            | shows                                                                                          |
 * |------------------|------------------------------------------------------------------------------------------------|
 * | `problems`       | why drafts were not accepted, `path:line:column: severity: message [code]`, paths from the root |
 * | `drafts/PATH`    | documents with a draft: what was saved                                                         |
 * | `errors/PATH`    | the same documents: their lines of `problems`                                                  |
 * | `committed/PATH` | every document: the text of its value, whatever draft it has                                   |
 */
import type { Name } from '../src/names.ts';
import { KIND, type Node, ROOT_INO } from '../src/store/node.ts';
import type { Documents } from './documents/documents.ts';
import { problemLines } from './documents/refusal.ts';
import type { Problem } from './documents/state.ts';
import type { Tree } from './vfs-tree.ts';

export type Item =
  | { readonly kind: 'file'; bytes(): Uint8Array }
  | { readonly kind: 'directory'; names(): Iterable<Name>; find(name: Name): Item | undefined };

export interface ControlHost {
  readonly tree: Tree;
  readonly documents: Documents;
}

export const CONTROL_ENTRIES: Readonly<Record<Name, (host: ControlHost) => Item>> = {
  problems: (host) =>
    file(() =>
      Buffer.from(
        troubled(host)
          .map((each) => linesOf(host, each))
          .join(''),
        'utf8',
      ),
    ),
  drafts: (host) =>
    byPath(
      () => troubled(host),
      (each) => host.documents.shown(each.node),
    ),
  errors: (host) =>
    byPath(
      () => troubled(host),
      (each) => Buffer.from(linesOf(host, each), 'utf8'),
    ),
  committed: (host) => committed(host, host.tree.node(ROOT_INO)),
};

function file(bytes: () => Uint8Array): Item {
  return { kind: 'file', bytes };
}

interface Troubled {
  readonly node: Node;
  readonly problem: Problem;
  /** From the mount's root. */
  readonly path: Name;
}

/** Documents with a problem that this mount shows. */
function troubled({ tree, documents }: ControlHost): Troubled[] {
  const found: Troubled[] = [];
  for (const { node, problem } of documents.troubled()) {
    const place = tree.place(tree.outer(node.ino));
    if (place !== undefined) found.push({ node, problem, path: place.path });
  }
  return found;
}

function linesOf({ tree }: ControlHost, { node, problem }: Troubled): string {
  return problemLines(tree.pathOf(node), problem)
    .map((line) => `${line}\n`)
    .join('');
}

/** A tree of directories with a file at each path. */
function byPath<T extends { readonly path: Name }>(list: () => T[], bytes: (each: T) => Uint8Array, prefix = ''): Item {
  const below = () => list().filter(({ path }) => path.startsWith(prefix));
  return {
    kind: 'directory',
    names: () => new Set(below().map(({ path }) => path.slice(prefix.length).split('/', 1)[0] as Name)),
    find(name) {
      const path = prefix + name;
      const found = below();
      const exact = found.find((each) => each.path === path);
      if (exact !== undefined) return file(() => bytes(exact));
      return found.some((each) => each.path.startsWith(`${path}/`)) ? byPath(list, bytes, `${path}/`) : undefined;
    },
  };
}

/** The documents of a directory, and its directories. */
function committed(host: ControlHost, directory: Node): Item {
  const { store } = host.documents;
  const itemOf = (node: Node | undefined): Item | undefined => {
    if (node?.kind === KIND.directory) return committed(host, node);
    if (node?.kind !== KIND.file || node.value === null) return undefined;
    return file(() => host.documents.rendered.bytes(node));
  };
  return {
    kind: 'directory',
    *names() {
      const names: Name[] = [];
      store.slots(directory, 0, (slot) => names.push(slot.name) > 0);
      yield* names;
    },
    find(name) {
      const slot = store.slot(directory, name);
      return slot && itemOf(store.node(slot.ino));
    },
  };
}
