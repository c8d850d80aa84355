/**
 * Named cursors: places in the feed that outlive those who read it.
 *
 * One file each, STORE/cursors/NAME, JSON of one line: {"seq":42}. It is replaced as a whole, so a crash
 * leaves the place before or after, and a subscriber that goes on from it gets every signal at least once.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FxError } from '../errors.ts';

const DIRECTORY = 'cursors';
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;
const CURSORS_MAX = 1024;

export interface NamedCursor {
  readonly name: string;
  /** The signals of every frame up to this seq were taken. */
  readonly seq: number;
}

function pathOf(store: string, name: string): string {
  if (NAME.test(name)) return join(store, DIRECTORY, name);
  throw new FxError('INVALID', `"${name}" is no name of a cursor: 1 to 64 letters, digits, dots, dashes, underscores`);
}

/** The cursor's seq; undefined when there is none. INVALID (name), DAMAGED, IO. */
export async function readCursor(store: string, name: string): Promise<number | undefined> {
  const path = pathOf(store, name);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const seq = parse(text);
  if (seq === undefined) throw new FxError('DAMAGED', `${path} holds no cursor; remove it with "fxmount cursor rm"`);
  return seq;
}

function parse(text: string): number | undefined {
  try {
    const seq: unknown = JSON.parse(text)?.seq;
    return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the cursor. INVALID (name), NO_SPACE (too many), IO. */
export async function writeCursor(store: string, name: string, seq: number): Promise<void> {
  const path = pathOf(store, name);
  await mkdir(join(store, DIRECTORY), { recursive: true, mode: 0o700 });
  const names = await namesIn(store);
  if (!names.includes(name) && names.length >= CURSORS_MAX)
    throw new FxError('NO_SPACE', `the store keeps at most ${CURSORS_MAX} cursors; remove one first`);
  // A name that `NAME` does not allow.
  const fresh = `${path}~`;
  await writeFile(fresh, `${JSON.stringify({ seq })}\n`, { mode: 0o600 });
  await rename(fresh, path);
}

/** NOT_FOUND, INVALID (name). */
export async function removeCursor(store: string, name: string): Promise<void> {
  if ((await namesIn(store)).includes(name)) return rm(pathOf(store, name), { force: true });
  pathOf(store, name);
  throw new FxError('NOT_FOUND', `the store has no cursor "${name}"; "fxmount cursor ls" lists them`);
}

/** All cursors, by name. A damaged one is left out. */
export async function listCursors(store: string): Promise<NamedCursor[]> {
  const cursors: NamedCursor[] = [];
  for (const name of await namesIn(store)) {
    const seq = parse(await readFile(join(store, DIRECTORY, name), 'utf8'));
    if (seq !== undefined) cursors.push({ name, seq });
  }
  return cursors;
}

async function namesIn(store: string): Promise<string[]> {
  try {
    return (await readdir(join(store, DIRECTORY))).filter((name) => NAME.test(name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
