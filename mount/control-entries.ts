/**
 * What the control directory holds: one row for each entry, with what it shows and the item that it is. A file's bytes
 * are computed when it is looked up; a directory's names and items when they are asked for. The file README in it is
 * made of the same rows.
 */
import { nodeIdFromText } from '../src/ids.ts';
import type { Name } from '../src/names.ts';
import { KIND, type Node, ROOT_INO } from '../src/store/node.ts';
import type { Commands } from './commands.ts';
import type { Documents } from './documents/documents.ts';
import { problemLines } from './documents/refusal.ts';
import type { Problem } from './documents/state.ts';
import type { SignalStreams, StreamSource } from './streams.ts';
import type { Tree } from './vfs-tree.ts';

export type Item =
  | { readonly kind: 'file'; bytes(): Uint8Array }
  | { readonly kind: 'link'; readonly target: Name }
  /** Commands are written to it, by its owner and root, who alone may read it too. */
  | { readonly kind: 'commands'; readonly commands: Commands; bytes(): Uint8Array }
  /** Its owner alone may read it. */
  | { readonly kind: 'stream'; open(): StreamSource }
  | { readonly kind: 'directory'; names(): Iterable<Name>; find(name: Name): Item | undefined };

type DirectoryItem = Extract<Item, { kind: 'directory' }>;

export interface ControlHost {
  readonly tree: Tree;
  readonly documents: Documents;
  /** Signals after a seq, or from now on; of all the store, or under a directory of it. Undefined where there are none. */
  readonly signals?: SignalStreams | undefined;
  /** Undefined where the mount takes no commands. */
  readonly commands?: Commands | undefined;
}

export interface ControlEntry {
  /** What it is called in README, when that is not the name alone. */
  readonly form?: string;
  readonly shows: string;
  /** Undefined where the mount has no such thing. */
  item(host: ControlHost): Item | undefined;
  /** What NAME?QUERY is, for an entry that can be asked. */
  ask?(host: ControlHost, query: string): Item | undefined;
}

/** The query of `signals`: a seq, exact as a number. */
const SINCE = /^from=\d{1,15}$/;
const SINCE_START = 'from='.length;
const SIGNALS_SHOWN = `every change from the time of opening, or after the change SEQ: a line of JSON each
                 A reader waits for more (with O_NONBLOCK: EAGAIN), and each open file has a place of its own:
                 "cat" and "head -n 3" follow it, and "tail -n +1 -f", while a plain "tail -f" waits for an end.
                 One who is behind is told by {"cursor":SEQ,"lag":CHANGES}. If SEQ is too old the only line is
                 {"error":…,"oldest":SEQ}, and reading on fails. Where the kernel was told before that it need
                 not open files, it reads as empty: mount again, or use "fxmount watch --json".`;

export const CONTROL_ENTRIES: Readonly<Record<Name, ControlEntry>> = {
  README: { shows: 'this text', item: () => textFile(readme) },
  'by-id': {
    form: 'by-id/NODEID',
    shows: 'a symbolic link to the node with that identity; listed is none, as there may be millions',
    item: (host) => ({ kind: 'directory', names: () => [], find: (name) => nodeLink(host, name) }),
  },
  committed: {
    form: 'committed/PATH',
    shows: 'every document: the text of its value, whatever draft it has',
    item: (host) => committed(host, host.tree.node(ROOT_INO)),
  },
  ctl: {
    shows: `write commands, one a line, and read their answers: checkpoint, status, revert PATH, discard PATH,
                 force PATH, emit PATH NAME [JSON]; a refused write says why in errors/ctl. For the owner and root`,
    item: ({ commands }) =>
      commands && { kind: 'commands', commands, bytes: () => Buffer.from(commands.answers, 'utf8') },
  },
  drafts: {
    form: 'drafts/PATH',
    shows: 'documents with a draft: what was saved and not accepted',
    item: (host) =>
      byPath(
        () => troubled(host),
        (each) => host.documents.shown(each.node),
      ),
  },
  errors: {
    form: 'errors/PATH',
    shows: 'the same documents: why it was not accepted, as in problems; errors/ctl: why a command was refused',
    item: (host) =>
      withRefusal(
        host,
        byPath(
          () => troubled(host),
          (each) => Buffer.from(linesOf(host, each), 'utf8'),
        ),
      ),
  },
  metrics: {
    shows: 'figures of the store, in the text format of Prometheus',
    item: (host) => textFile(() => metrics(host)),
  },
  problems: {
    shows: 'why drafts were not accepted: path:line:column: severity: message [code]',
    item: (host) =>
      textFile(() =>
        troubled(host)
          .map((each) => linesOf(host, each))
          .join(''),
      ),
  },
  signals: {
    form: 'signals?from=SEQ',
    shows: SIGNALS_SHOWN,
    item: (host) => signals(host, undefined),
    ask: (host, query) => (SINCE.test(query) ? signals(host, Number(query.slice(SINCE_START))) : undefined),
  },
  status: {
    shows: 'the same figures, and whether the mount may be changed',
    item: (host) => textFile(() => status(host)),
  },
};

function textFile(text: () => string): Item {
  return file(() => Buffer.from(text(), 'utf8'));
}

function readme(): string {
  const rows = Object.entries(CONTROL_ENTRIES).map(([name, { form = name, shows }]) => `${form.padEnd(16)} ${shows}\n`);
  return `What fxmount has to say about this mount. No listing shows this directory; but for ctl all in it is read-only.\n\n${rows.join('')}`;
}

/** One row for each figure: its name, type and meaning for Prometheus. */
const FIGURES: readonly [
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  value: (host: ControlHost) => number,
][] = [
  ['nodes', 'gauge', 'nodes of the store', ({ tree }) => tree.store.totals.nodes],
  ['content_bytes', 'gauge', 'bytes of live file content', ({ tree }) => tree.store.totals.contentBytes],
  ['log_bytes', 'gauge', 'bytes of all segments of the log', ({ tree }) => tree.store.totals.logBytes],
  ['seq', 'counter', 'changes made, as frames of the log', ({ tree }) => tree.store.seq],
  ['durable_seq', 'counter', 'the last change that survives power loss', ({ tree }) => tree.store.totals.durableSeq],
  ['checkpoint_seq', 'counter', 'the last change that the index has', ({ tree }) => tree.store.totals.checkpointSeq],
  ['cached_nodes', 'gauge', 'nodes held in memory', ({ tree }) => tree.store.totals.cachedNodes],
  ['problems', 'gauge', 'documents with a draft that was not accepted', (host) => troubled(host).length],
];

function metrics(host: ControlHost): string {
  return FIGURES.map(
    ([name, type, help, value]) =>
      `# HELP fxmount_${name} ${help}\n# TYPE fxmount_${name} ${type}\nfxmount_${name} ${value(host)}\n`,
  ).join('');
}

function status(host: ControlHost): string {
  const access = host.tree.readOnly ? 'read-only' : 'read-write';
  const lines = FIGURES.map(([name, , help, value]) => `${`${name}:`.padEnd(16)} ${value(host)}  (${help})\n`);
  return `${'access:'.padEnd(16)} ${access}\n${lines.join('')}`;
}

function signals({ signals: open, tree }: ControlHost, from: number | undefined): Item | undefined {
  if (open === undefined) return undefined;
  const root = tree.inner(ROOT_INO);
  return { kind: 'stream', open: () => open(from, root === ROOT_INO ? undefined : root) };
}

/** With the file `ctl` while a command was refused, unless a document has that name. */
function withRefusal({ commands }: ControlHost, errors: DirectoryItem): Item {
  if (commands === undefined) return errors;
  const isRefused = () => commands.refusal !== '';
  return {
    kind: 'directory',
    names: () => new Set([...errors.names(), ...(isRefused() ? ['ctl'] : [])]),
    find: (name) => errors.find(name) ?? (name === 'ctl' && isRefused() ? textFile(() => commands.refusal) : undefined),
  };
}

/** From /.fx/by-id to where the node is in this mount. */
function nodeLink({ tree }: ControlHost, text: Name): Item | undefined {
  let node: Node | undefined;
  try {
    node = tree.store.nodeById(nodeIdFromText(text));
  } catch {
    return undefined;
  }
  const place = node && tree.place(tree.outer(node.ino));
  return place && { kind: 'link', target: `../../${place.path}` };
}

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
function byPath<T extends { readonly path: Name }>(
  list: () => T[],
  bytes: (each: T) => Uint8Array,
  prefix = '',
): DirectoryItem {
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
