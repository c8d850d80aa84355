/**
 * Extended attributes.
 *
 * | namespace       | rule                                                                              |
 * |-----------------|-----------------------------------------------------------------------------------|
 * | `user.`         | on files and directories only                                                     |
 * | `user.fx.`      | reserved: computed, never listed (so that copies do not carry them)               |
 * | `trusted.`      | changed by root only                                                              |
 * | `security.`     | kept; who may change one is the kernel's decision                                 |
 * | access lists    | `system.posix_acl_access` and `_default`; kept in step with the mode              |
 * | `system.`, rest | NOT_SUPPORTED                                                                     |
 *
 * `user.fx.id` is the NodeID's text, `user.fx.version` the VerID in decimal, `user.fx.type` the value's
 * type, or `blob` or `directory` when there is none. `.value` has those of its directory and no others.
 *
 * Documents have two more: `user.fx.state` is `valid`, or `invalid`, `conflict` or `unsaved` while there is a
 * draft, or `new` while nothing was saved; `user.fx.error` says why, a line for each problem. Writing to
 * `user.fx.action` acts on a draft: `revert` or `discard` drops it and shows the accepted text again, `force`
 * saves it over what was changed elsewhere.
 *
 * An access list that says no more than a mode becomes the mode and is not kept; setting a list sets the mode's
 * permission bits. Default lists are for directories (ACCESS_DENIED), no list is for symlinks (NOT_SUPPORTED).
 *
 * Limits are those of Linux: names to 255 bytes (RANGE), values to 64 KiB (ARGUMENT_TOO_BIG), all names
 * with their NULs to 64 KiB (NO_SPACE).
 */
import { FxError } from '../src/errors.ts';
import { type Ino, nodeIdToText } from '../src/ids.ts';
import { XATTR_LIST_BYTES_MAX, XATTR_NAME_BYTES_MAX, XATTR_VALUE_BYTES_MAX } from '../src/limits.ts';
import type { Name } from '../src/names.ts';
import { ACCESS_LISTS, DEFAULT_ACL } from '../src/store/access-lists.ts';
import type { Changes } from '../src/store/api.ts';
import { KIND, type Node } from '../src/store/node.ts';
import { isPrivate, publicAttributes } from '../src/store/private.ts';
import type { DocumentFiles } from './documents/document-files.ts';
import type { Caller, XattrFlags } from './operations.ts';
import { Acl } from './posix-acl.ts';
import { encodedTypeName } from './value-type.ts';
import { S_ISGID } from './vfs-access.ts';
import type { Events } from './vfs-events.ts';
import type { Tree } from './vfs-tree.ts';

const RESERVED = 'user.fx.';
const USER = 'user.';
const TRUSTED = 'trusted.';
const LABEL = 'security.selinux';
const NAMESPACES = [USER, TRUSTED, 'security.'];
const PERMISSION_BITS = 0o777;

const noAttribute = new FxError('NO_ATTRIBUTE');
const nameless = new FxError('INVALID', 'the attribute has no name after its namespace');
const notSupported = new FxError(
  'NOT_SUPPORTED',
  'extended attributes are user., trusted. or security. ones, or access lists',
);

const COMPUTED: Readonly<Record<Name, (node: Node) => string>> = {
  'user.fx.id': (node) => nodeIdToText(node.id),
  'user.fx.version': (node) => String(node.version),
  'user.fx.type': (node) => {
    if (node.value !== null) return encodedTypeName(node.value);
    return node.kind === KIND.directory ? 'directory' : 'blob';
  },
};

/** Of documents. */
const STATE: Name = 'user.fx.state';
const ERROR: Name = 'user.fx.error';
const ACTION: Name = 'user.fx.action';

export class Xattrs {
  readonly #tree: Tree;
  readonly #events: Events;
  readonly #documents: DocumentFiles;

  constructor(tree: Tree, events: Events, documents: DocumentFiles) {
    this.#tree = tree;
    this.#events = events;
    this.#documents = documents;
  }

  /** Undefined when there is none. NOT_SUPPORTED, STALE. */
  get(ino: Ino, name: Name): Uint8Array | undefined {
    const node = this.#tree.node(ino);
    const isHidden = this.#tree.isValueFile(ino) || isPrivate(name);
    const found = isHidden ? undefined : node.xattrs?.get(name);
    if (found !== undefined) return found;
    if (name.startsWith(RESERVED) && takesUser(node)) {
      if (Object.hasOwn(COMPUTED, name)) return Buffer.from(COMPUTED[name]?.(node) ?? '', 'latin1');
      const told = name === STATE || name === ERROR ? this.#documents.condition(ino) : undefined;
      if (told !== undefined) return Buffer.from(name === STATE ? told.state : told.lines.join(''), 'utf8');
    }
    // A label that is not there means that there are no labels: ls then asks once, not for every file.
    if (!isKnown(name) || name === LABEL) throw notSupported;
    if (NAMESPACES.includes(name)) throw nameless;
    return undefined;
  }

  list(ino: Ino): Name[] {
    const node = this.#tree.node(ino);
    return this.#tree.isValueFile(ino) ? [] : [...publicAttributes(node.xattrs)].map(([name]) => name);
  }

  set(ino: Ino, name: Name, value: Uint8Array, options: XattrFlags, caller: Caller): void {
    if (name === ACTION) return this.#documents.act(ino, Buffer.from(value).toString('latin1').trim());
    const node = this.#changeable(ino, name, caller);
    if (ACCESS_LISTS.includes(name)) return this.#setList(node, name, value, options);
    if (value.length > XATTR_VALUE_BYTES_MAX) throw new FxError('ARGUMENT_TOO_BIG');
    const exists = node.xattrs?.has(name) ?? false;
    if (options.create && exists) throw new FxError('EXISTS');
    if (options.replace && !exists) throw noAttribute;
    if (!exists && listBytes(node) + name.length + 1 > XATTR_LIST_BYTES_MAX) throw new FxError('NO_SPACE');
    // The driver's buffer is reused; the store keeps what it is given.
    const kept = Uint8Array.from(value);
    this.#events.quiet(() => this.#tree.store.patch(node, { xattrs: new Map([[name, kept]]) }));
  }

  /**
   * An empty list stands for none. INVALID. A kernel that is told of a changed mode while it fetches it drops the answer
   * and decides by the old one (fs/fuse/inode.c, fuse_change_attributes: attr_version).
   */
  #setList(node: Node, name: Name, value: Uint8Array, { clearSetGid, refetchesMode }: XattrFlags): void {
    const list = Acl.parse(value);
    const changes: Changes = {};
    let kept = list;
    if (name === DEFAULT_ACL) {
      if (node.kind !== KIND.directory && list) throw new FxError('ACCESS_DENIED', 'a default list is for directories');
    } else if (list) {
      if (list.isMinimal) kept = undefined;
      const mode = (node.mode & ~PERMISSION_BITS & (clearSetGid ? ~S_ISGID : ~0)) | list.mode;
      if (mode !== node.mode) changes.mode = mode;
    }
    if (!list && !node.xattrs?.has(name)) return;
    if (kept || node.xattrs?.has(name)) changes.xattrs = new Map([[name, kept?.bytes() ?? null]]);
    this.#events.quiet(() => this.#tree.store.patch(node, changes));
    if (changes.mode !== undefined && !refetchesMode) this.#events.lost(node);
  }

  remove(ino: Ino, name: Name, caller: Caller): void {
    const node = this.#changeable(ino, name, caller);
    if (!node.xattrs?.has(name)) {
      // Without a list there is nothing to do, as on Linux's native filesystems.
      if (ACCESS_LISTS.includes(name)) return;
      throw noAttribute;
    }
    this.#events.quiet(() => this.#tree.store.patch(node, { xattrs: new Map([[name, null]]) }));
  }

  #changeable(ino: Ino, name: Name, caller: Caller): Node {
    const node = this.#tree.mutable(ino);
    if (name.length === 0 || name.length > XATTR_NAME_BYTES_MAX) throw new FxError('RANGE');
    if (!isKnown(name)) throw notSupported;
    if (NAMESPACES.includes(name)) throw nameless;
    if (node.kind === KIND.symlink && ACCESS_LISTS.includes(name)) throw notSupported;
    if (name.startsWith(RESERVED)) throw new FxError('NOT_PERMITTED', 'attributes user.fx.* are read-only');
    if (name.startsWith(USER) && !takesUser(node)) throw new FxError('NOT_PERMITTED');
    if (name.startsWith(TRUSTED) && caller.uid !== 0) throw new FxError('NOT_PERMITTED');
    return node;
  }
}

function isKnown(name: Name): boolean {
  return NAMESPACES.some((namespace) => name.startsWith(namespace)) || ACCESS_LISTS.includes(name);
}

function takesUser(node: Node): boolean {
  return node.kind === KIND.file || node.kind === KIND.directory;
}

function listBytes(node: Node): number {
  let bytes = 0;
  for (const [name] of publicAttributes(node.xattrs)) bytes += name.length + 1;
  return bytes;
}
