/**
 * What the kernel says is mounted, without touching any mount.
 *
 * /proc/self/mountinfo (proc(5)) has one line for each mount of this process's namespace, in the order of
 * mounting: `id parent major:minor root mountpoint options [optional fields...] - type source superoptions`.
 * Space, tab, newline and backslash in a field are written as three octal digits after a backslash. Type
 * and source are chosen by whoever mounted: they are text, never a command or a path to trust.
 * A line that does not have this form is skipped.
 */
import { readFileSync } from 'node:fs';
import { nameToText } from '../../src/names.ts';

/** The filesystem type that fxmount's mounts carry. */
export const MOUNT_TYPE = 'fuse.fxmount';

export interface MountEntry {
  id: number;
  parentId: number;
  /** `major:minor` of the filesystem; the minor number names the connection in /sys/fs/fuse/connections. */
  device: string;
  /** Absolute, without symbolic links; bytes that are not UTF-8 as lone surrogates (`nameToText`). */
  mountpoint: string;
  type: string;
  /** Of an fxmount mount: the store's directory. */
  source: string;
  readOnly: boolean;
  /** The user that a FUSE mount belongs to; undefined for other types. */
  uid: number | undefined;
}

/** Decodes the octal escapes of a field and its bytes. */
function decodeField(field: string): string {
  const bytes = field.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return nameToText(bytes);
}

function parseLine(line: string): MountEntry | undefined {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [id, parentId, device, , mountpoint, options] = fields;
  const [type, source, superOptions] = separator < 0 ? [] : fields.slice(separator + 1);
  if (device === undefined || mountpoint === undefined || options === undefined) return undefined;
  if (type === undefined || source === undefined || superOptions === undefined) return undefined;
  if (!/^\d+$/.test(id ?? '') || !/^\d+$/.test(parentId ?? '') || !/^\d+:\d+$/.test(device)) return undefined;
  const uid = /(?:^|,)user_id=(\d+)(?:,|$)/.exec(superOptions)?.[1];
  return {
    id: Number(id),
    parentId: Number(parentId),
    device,
    mountpoint: decodeField(mountpoint),
    type: decodeField(type),
    source: decodeField(source),
    readOnly: `${options},${superOptions}`.split(',').includes('ro'),
    uid: uid === undefined ? undefined : Number(uid),
  };
}

/** Parses the text of a mountinfo file; `text` holds one character for each byte. */
export function parseMountinfo(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

/** All mounts of this process's namespace, in the order of mounting. */
export function readMounts(): MountEntry[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'latin1'));
}

/** The topmost mount at exactly this path, which must be absolute and without symbolic links. */
export function findMount(path: string, mounts: readonly MountEntry[] = readMounts()): MountEntry | undefined {
  return mounts.findLast((mount) => mount.mountpoint === path);
}

/** The mounts of fxmount, alive or dead. */
export function fxmountMounts(mounts: readonly MountEntry[] = readMounts()): MountEntry[] {
  return mounts.filter((mount) => mount.type === MOUNT_TYPE);
}

/** The fxmount mount that `path` (absolute, without symbolic links) lies in, if any other mount does not hide it. */
export function containingMount(path: string, mounts: readonly MountEntry[] = readMounts()): MountEntry | undefined {
  let best: MountEntry | undefined;
  for (const mount of mounts) {
    const { mountpoint } = mount;
    const contains = path === mountpoint || path.startsWith(mountpoint === '/' ? '/' : `${mountpoint}/`);
    if (contains && mountpoint.length >= (best?.mountpoint.length ?? 0)) best = mount;
  }
  return best?.type === MOUNT_TYPE ? best : undefined;
}
