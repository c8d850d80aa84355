/**
 * Verbs that look at nodes: ls, tree, stat, get.
 */

import { FxError } from '../errors.ts';
import { nodeIdToText } from '../ids.ts';
import { nameToText } from '../names.ts';
import { KIND, type Node, type Slot } from '../store/node.ts';
import { publicAttributes } from '../store/private.ts';
import { pathsOf, resolve } from '../tree/address.ts';
import { readBytesAsync } from '../tree/content.ts';
import { isBlob, kindName, valueTypeName } from '../tree/kinds.ts';
import { decode } from '../uarr/v2.ts';
import { toJsonText } from '../uarr/value.ts';
import { Matcher } from '../views/match.ts';
import { parseSelectors } from '../views/selector.ts';
import { defineVerb, type Row, type VerbContext } from './verb.ts';

/** Entries looked at in one turn of the loop. */
const PAGE_ENTRIES = 512;
/** Bytes of a blob read at once. */
const READ_BYTES = 1 << 20;

/** One entry as `ls` and `tree` give it. `type` is the value's type, "bytes" content is "blob", null when there is neither. */
function rowOf(context: VerbContext, name: string, node: Node): Row {
  return {
    name,
    kind: kindName(node.kind),
    type: typeOf(node),
    size: sizeOf(context, node),
    mode: node.mode.toString(8).padStart(4, '0'),
    uid: node.uid,
    gid: node.gid,
    nlink: node.nlink,
    mtime: timeText(node.mtimeSec, node.mtimeNsec),
    version: node.version,
    ino: node.ino,
    id: nodeIdToText(node.id),
    target: node.kind === KIND.symlink ? nameToText(node.target) : null,
  };
}

function typeOf(node: Node): string | null {
  if (isBlob(node)) return 'blob';
  return node.value === null ? null : valueTypeName(decode(node.value));
}

function sizeOf(context: VerbContext, node: Node): number {
  return node.value === null ? node.size : context.documents.size(node);
}

/** Rows as `tree`'s, with the path for a name: the nodes at or below `path` that the selector means. */
export const select = defineVerb(
  { access: 'read', output: 'rows', arguments: { selector: 'string', path: 'string' } },
  async (context, { selector, path }, io) => {
    const matcher = new Matcher(context.store, parseSelectors(selector));
    const top = resolve(context.store, path);
    const base = path.endsWith('/') ? path.slice(0, -1) : path;
    const visit = async (node: Node, at: string): Promise<void> => {
      if (matcher.matches(node)) await io.row(rowOf(context, at === '' ? '/' : at, node));
      if (node.kind !== KIND.directory) return;
      for await (const page of pagesOf(context, node, io.signal)) {
        for (const slot of page) {
          const child = context.store.node(slot.ino);
          if (child !== undefined) await visit(child, `${at}/${nameToText(slot.name)}`);
        }
      }
    };
    await visit(top, base);
    return null;
  },
);

/** ISO 8601 in UTC with nanoseconds. */
export function timeText(seconds: number, nanoseconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
  return `${date.toISOString().slice(0, -5)}.${String(nanoseconds).padStart(9, '0')}Z`;
}

/** The directory's slots page by page, so that others get their turn between pages. */
async function* pagesOf(
  context: VerbContext,
  directory: Node,
  signal: AbortSignal,
): AsyncGenerator<Slot[], void, void> {
  let after = 0;
  for (;;) {
    signal.throwIfAborted();
    const page: Slot[] = [];
    context.store.slots(directory, after, (slot) => page.push(slot) < PAGE_ENTRIES);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.cookie;
    yield page;
    if (page.length < PAGE_ENTRIES) return;
    await new Promise(setImmediate);
  }
}

export const ls = defineVerb(
  { access: 'read', output: 'rows', arguments: { path: 'string' } },
  async (context, { path }, io) => {
    const node = resolve(context.store, path);
    if (node.kind !== KIND.directory) {
      await io.row(rowOf(context, path, node));
      return null;
    }
    for await (const page of pagesOf(context, node, io.signal)) {
      for (const slot of page) {
        const child = context.store.node(slot.ino);
        if (child !== undefined) await io.row(rowOf(context, nameToText(slot.name), child));
      }
    }
    return null;
  },
);

/** Rows in the order of a drawn tree, with `depth` (the start is 0) and whether it is the `last` of its directory. */
export const tree = defineVerb(
  { access: 'read', output: 'rows', arguments: { path: 'string', depth: 'count?' } },
  async (context, { path, depth: depthMax = Number.MAX_SAFE_INTEGER }, io) => {
    const start = resolve(context.store, path);
    await io.row({ ...rowOf(context, path, start), depth: 0, last: true });
    // An explicit stack: trees may be deeper than the call stack.
    const levels: { entries: AsyncGenerator<Slot, void, void>; next: Slot | undefined }[] = [];
    const enter = async (directory: Node): Promise<void> => {
      if (directory.kind !== KIND.directory || levels.length >= depthMax) return;
      const entries = slotsOf(context, directory, io.signal);
      levels.push({ entries, next: (await entries.next()).value ?? undefined });
    };
    await enter(start);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const slot = level.next;
      if (slot === undefined) {
        levels.pop();
        continue;
      }
      level.next = (await level.entries.next()).value ?? undefined;
      const node = context.store.node(slot.ino);
      if (node === undefined) continue;
      const row = rowOf(context, nameToText(slot.name), node);
      await io.row({ ...row, depth: levels.length, last: level.next === undefined });
      await enter(node);
    }
    return null;
  },
);

async function* slotsOf(context: VerbContext, directory: Node, signal: AbortSignal): AsyncGenerator<Slot, void, void> {
  for await (const page of pagesOf(context, directory, signal)) yield* page;
}

export const stat = defineVerb(
  { access: 'read', output: 'none', arguments: { path: 'string' } },
  async (context, { path }) => {
    const node = resolve(context.store, path);
    const { name: _, ...row } = rowOf(context, path, node);
    return {
      paths: pathsOf(context.store, node),
      ...row,
      storedBytes: node.storedBytes,
      valueBytes: node.value?.length ?? null,
      rdev: node.rdev,
      atime: timeText(node.atimeSec, node.atimeNsec),
      ctime: timeText(node.ctimeSec, node.ctimeNsec),
      btime: timeText(node.btimeSec, node.btimeNsec),
      meta: node.meta === null ? null : toJsonText(decode(node.meta)),
      xattrs: xattrsOf(node),
    };
  },
);

/** Xattrs by name, values in base64. */
function xattrsOf(node: Node): Record<string, string> {
  const xattrs: Record<string, string> = {};
  for (const [name, value] of publicAttributes(node.xattrs))
    xattrs[nameToText(name)] = Buffer.from(value).toString('base64');
  return xattrs;
}

export const get = defineVerb(
  { access: 'read', output: 'bytes', arguments: { path: 'string', json: 'boolean?' } },
  async (context, { path, json = false }, io) => {
    const node = resolve(context.store, path);
    if (node.value !== null) {
      if (!json && node.kind === KIND.file) await context.documents.whenRendered(node);
      const text = json ? Buffer.from(`${toJsonText(decode(node.value))}\n`, 'utf8') : context.documents.shown(node);
      await io.write(text);
    } else if (node.kind === KIND.symlink) {
      await io.write(Buffer.from(node.target, 'latin1'));
    } else if (!isBlob(node)) {
      const code = node.kind === KIND.directory ? 'IS_DIRECTORY' : 'INVALID';
      throw new FxError(code, `${path} is a ${kindName(node.kind)} and has no value; "fxmount ls" and "stat" show it`);
    } else if (json) {
      throw new FxError('INVALID', `${path} holds bytes, not a typed value; leave --json out`);
    } else {
      for (let offset = 0; offset < node.size; ) {
        io.signal.throwIfAborted();
        const chunk = await readBytesAsync(context.store, node, offset, READ_BYTES);
        if (chunk.length === 0) break;
        await io.write(chunk);
        offset += chunk.length;
        io.progress('reading', offset, node.size);
      }
    }
    return null;
  },
);
