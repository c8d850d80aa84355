/**
 * Makes documents of the files that are there already when a rule is bound.
 */
import { LENS_BYTES_MAX } from '../../src/limits.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import type { Documents } from './documents.ts';
import { problemOf } from './state.ts';

export interface Adopted {
  /** Files that became documents. */
  documents: number;
  /** Files that do not parse or break the schema: they stay as they are, with their problems listed. */
  problems: number;
}

/** Longest stretch of work before others get their turn. */
const SLICE_MS = 4;

/**
 * Looks at every file below the directory. Each is a frame of its own: what was done when `signal` aborts stays.
 * Files saved meanwhile are looked at as they are then.
 */
export async function adopt(
  documents: Documents,
  top: Node,
  signal: AbortSignal,
  onProgress: (files: number) => void,
): Promise<Adopted> {
  const { store } = documents;
  const adopted: Adopted = { documents: 0, problems: 0 };
  const directories: number[] = [top.ino];
  let files = 0;
  let sliceEnd = performance.now() + SLICE_MS;
  for (let ino = directories.pop(); ino !== undefined; ino = directories.pop()) {
    const children: number[] = [];
    const directory = store.node(ino);
    if (directory === undefined) continue;
    store.slots(directory, 0, (slot) => {
      if (slot.kind === KIND.directory) directories.push(slot.ino);
      else if (slot.kind === KIND.file) children.push(slot.ino);
      return true;
    });
    for (const child of children) {
      await adoptFile(documents, store.node(child), adopted);
      onProgress(++files);
      if (performance.now() < sliceEnd) continue;
      await new Promise(setImmediate);
      signal.throwIfAborted();
      sliceEnd = performance.now() + SLICE_MS;
    }
  }
  return adopted;
}

async function adoptFile(documents: Documents, node: Node | undefined, adopted: Adopted): Promise<void> {
  if (node === undefined || node.size === 0 || node.size > LENS_BYTES_MAX || node.value !== null) return;
  const bound = documents.boundAs(node);
  if (bound === undefined) return;
  const text = documents.shown(node);
  const base = documents.baseOf(node);
  const { version } = node;
  const verdict = await documents.judgeLater(node, bound, text, base);
  // Saved meanwhile: that save was judged by itself.
  if (node.version !== version) return;
  if (verdict.ok) adopted.documents++;
  else adopted.problems++;
  if (!verdict.ok && problemOf(node) !== undefined) return;
  documents.store.transaction(() => {
    if (verdict.ok) documents.accept(node, bound, verdict);
    else documents.keepDraft(node, text, base, verdict.problem);
  });
}
