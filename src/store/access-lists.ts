/** The extended attributes that hold POSIX access lists. What they say is `mount/posix-acl.ts`'s business. */
import type { Name } from '../names.ts';

export const ACCESS_ACL: Name = 'system.posix_acl_access';
export const DEFAULT_ACL: Name = 'system.posix_acl_default';
export const ACCESS_LISTS: readonly Name[] = [ACCESS_ACL, DEFAULT_ACL];

/** Whether changes of attributes give a node an access list. */
export function setsAccessList(xattrs: ReadonlyMap<Name, Uint8Array | null>): boolean {
  return ACCESS_LISTS.some((name) => xattrs.get(name) != null);
}
