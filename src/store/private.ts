/**
 * Private attributes: what fxmount itself keeps with a node among its extended attributes (a binding, the
 * text last saved, a draft). Their names have no namespace, so that no program can name one: they are not
 * listed, shown, exported or copied, and go with their node.
 */
import type { Name } from '../names.ts';

export const PRIVATE_PREFIX = 'fx.';

export function isPrivate(name: Name): boolean {
  return name.startsWith(PRIVATE_PREFIX);
}

/** The attributes of a node that are not private. */
export function* publicAttributes(xattrs: ReadonlyMap<Name, Uint8Array> | null): Generator<[Name, Uint8Array]> {
  for (const [name, value] of xattrs ?? []) if (!isPrivate(name)) yield [name, value];
}
