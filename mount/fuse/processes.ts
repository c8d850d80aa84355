/**
 * Which processes hold a mount: by working directory, root, program, open file or mapped file.
 *
 * Read from /proc alone: links are read, never followed, so that a dead or stuck mount cannot stop the
 * search. Processes of other users are seen by root only.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface MountUser {
  pid: number;
  /** The program's name, up to 15 bytes. */
  name: string;
  how: 'working directory' | 'root' | 'program' | 'open file' | 'mapped file';
  /** What it holds, inside the mount. */
  path: string;
}

const LINKS = [
  ['cwd', 'working directory'],
  ['root', 'root'],
  ['exe', 'program'],
] as const;

/** The result, or undefined: the process ended meanwhile, or is not ours to see. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function firstHold(
  pid: string,
  within: (path: string | undefined) => boolean,
): Pick<MountUser, 'how' | 'path'> | undefined {
  const directory = `/proc/${pid}`;
  for (const [link, how] of LINKS) {
    const path = attempt(() => readlinkSync(`${directory}/${link}`));
    if (path !== undefined && within(path)) return { how, path };
  }
  for (const fd of attempt(() => readdirSync(`${directory}/fd`)) ?? []) {
    const path = attempt(() => readlinkSync(`${directory}/fd/${fd}`));
    if (path !== undefined && within(path)) return { how: 'open file', path };
  }
  for (const line of (attempt(() => readFileSync(`${directory}/maps`, 'utf8')) ?? '').split('\n')) {
    const at = line.indexOf('/');
    if (at < 0) continue;
    const path = line.slice(at).replaceAll('\\012', '\n');
    if (within(path)) return { how: 'mapped file', path };
  }
  return undefined;
}

/** The processes that keep `mountpoint` (absolute, without symbolic links) busy, this one excepted. */
export async function processesUsing(mountpoint: string): Promise<MountUser[]> {
  const below = mountpoint === '/' ? '/' : `${mountpoint}/`;
  const within = (path: string | undefined) => path === mountpoint || path?.startsWith(below) === true;
  const users: MountUser[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const hold = firstHold(pid, within);
    if (hold !== undefined) {
      const name = attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()) ?? '?';
      users.push({ pid: Number(pid), name, ...hold });
    }
    await nextTurn();
  }
  return users;
}
