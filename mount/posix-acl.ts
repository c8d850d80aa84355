/**
 * POSIX access control lists (POSIX.1e draft 17, as Linux has them): what their bytes mean and how they go with
 * a mode. Nothing here knows of nodes or kernels.
 *
 * The value of the xattrs `system.posix_acl_access` and `system.posix_acl_default` is, little-endian:
 *
 *     version u32 (2), then for each entry: tag u16, permissions u16 (R 4, W 2, X 1), id u32
 *
 * Entries stand in the order of their tags: one USER_OBJ, any USER, one GROUP_OBJ, any GROUP, at most one MASK
 * (needed with USER or GROUP), one OTHER (Linux fs/posix_acl.c, posix_acl_valid). The id matters for USER and
 * GROUP only.
 */
import { FxError } from '../src/errors.ts';
import type { Name } from '../src/names.ts';
import { ACCESS_ACL, DEFAULT_ACL } from '../src/store/access-lists.ts';

const VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;
const NO_ID = 0xffff_ffff;
const TAG = { userObj: 0x01, user: 0x02, groupObj: 0x04, group: 0x08, mask: 0x10, other: 0x20 } as const;
const PERMISSIONS = 7;
const ALL_BITS = 0o777;

interface AclEntry {
  readonly tag: number;
  permissions: number;
  readonly id: number;
}

/** A valid list; its entries are the object's own. */
export class Acl {
  readonly #entries: AclEntry[];

  private constructor(entries: AclEntry[]) {
    this.#entries = entries;
  }

  /** Undefined for a list without entries, which stands for no list. INVALID; NOT_SUPPORTED for another version. */
  static parse(bytes: Uint8Array): Acl | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER_BYTES || (bytes.length - HEADER_BYTES) % ENTRY_BYTES !== 0) throw invalid();
    if (view.getUint32(0, true) !== VERSION) throw new FxError('NOT_SUPPORTED', 'an access list of an unknown version');
    const entries: AclEntry[] = [];
    for (let at = HEADER_BYTES; at < bytes.length; at += ENTRY_BYTES) {
      const tag = view.getUint16(at, true);
      const named = tag === TAG.user || tag === TAG.group;
      entries.push({
        tag,
        permissions: view.getUint16(at + 2, true),
        id: named ? view.getUint32(at + 4, true) : NO_ID,
      });
    }
    if (entries.length === 0) return undefined;
    checkEntries(entries);
    return new Acl(entries);
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(HEADER_BYTES + this.#entries.length * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, VERSION, true);
    let at = HEADER_BYTES;
    for (const { tag, permissions, id } of this.#entries) {
      view.setUint16(at, tag, true);
      view.setUint16(at + 2, permissions, true);
      view.setUint32(at + 4, id, true);
      at += ENTRY_BYTES;
    }
    return bytes;
  }

  /** The nine permission bits that stat(2) shows: the group's are the mask, where there is one. */
  get mode(): number {
    return (this.#of(TAG.userObj) << 6) | (this.#of(this.#groupClass) << 3) | this.#of(TAG.other);
  }

  /** Whether the mode says all that this list says. */
  get isMinimal(): boolean {
    return this.#entries.every(({ tag }) => tag === TAG.userObj || tag === TAG.groupObj || tag === TAG.other);
  }

  /** Takes over the permissions of a mode, as chmod(2) does. */
  setMode(mode: number): void {
    this.#set(TAG.userObj, mode >> 6);
    this.#set(this.#groupClass, mode >> 3);
    this.#set(TAG.other, mode);
  }

  /** What a new file gets from this default list: no more than `mode` allows. */
  limit(mode: number): void {
    this.setMode(this.mode & mode);
  }

  /** The entry that the group bits of a mode stand for. */
  get #groupClass(): number {
    return this.#entries.some(({ tag }) => tag === TAG.mask) ? TAG.mask : TAG.groupObj;
  }

  #of(tag: number): number {
    return this.#entries.find((entry) => entry.tag === tag)?.permissions ?? 0;
  }

  #set(tag: number, permissions: number): void {
    const entry = this.#entries.find((found) => found.tag === tag);
    if (entry !== undefined) entry.permissions = permissions & PERMISSIONS;
  }
}

function invalid(): FxError {
  return new FxError('INVALID', 'this is no POSIX access list');
}

function checkEntries(entries: readonly AclEntry[]): void {
  let last = 0;
  for (const { tag, permissions, id } of entries) {
    const named = tag === TAG.user || tag === TAG.group;
    if (!Object.values<number>(TAG).includes(tag) || permissions & ~PERMISSIONS) throw invalid();
    if (tag < last || (tag === last && !named) || (named && id === NO_ID)) throw invalid();
    last = tag;
  }
  const has = (tag: number) => entries.some((entry) => entry.tag === tag);
  const needsMask = has(TAG.user) || has(TAG.group);
  if (!has(TAG.userObj) || !has(TAG.groupObj) || !has(TAG.other) || (needsMask && !has(TAG.mask))) throw invalid();
}

/** What a new file gets where its directory has a default list (posix_acl_create of Linux's fs/posix_acl.c). */
export interface Inherited {
  mode: number;
  xattrs: Map<Name, Uint8Array> | undefined;
}

/** `mode` is as the caller asked, without a umask, which a default list replaces. */
export function inheritAcl(defaultAcl: Uint8Array, mode: number, isDirectory: boolean): Inherited {
  const acl = Acl.parse(defaultAcl);
  if (acl === undefined) return { mode, xattrs: undefined };
  acl.limit(mode);
  const xattrs = new Map<Name, Uint8Array>();
  if (!acl.isMinimal) xattrs.set(ACCESS_ACL, acl.bytes());
  if (isDirectory) xattrs.set(DEFAULT_ACL, defaultAcl);
  return { mode: (mode & ~ALL_BITS) | acl.mode, xattrs: xattrs.size > 0 ? xattrs : undefined };
}

/** The list once the mode has changed. */
export function aclWithMode(accessAcl: Uint8Array, mode: number): Uint8Array {
  const acl = Acl.parse(accessAcl);
  acl?.setMode(mode);
  return acl?.bytes() ?? accessAcl;
}
