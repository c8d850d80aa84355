/**
 * Builds a tree of many nodes, and says how fast that went and how long the loop was held.
 *
 *     node build.js STORE NODES MADE      prints one JSON object
 *
 * The tree: directories of 100 directories of 1,000 files, so that ten million nodes lie three deep. The first
 * MADE nodes are made by transactions through the store, the rest straight in its index (`fill-index.ts`).
 */
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { Ino } from '../../src/ids.ts';
import { KIND, type Node, ROOT_INO } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { fillIndex } from './fill-index.ts';

const FILES_EACH = 1000;
const DIRECTORIES_EACH = 100;
/** Nodes made in one turn. */
const BATCH = 100;

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const FOLDER = { kind: KIND.directory, mode: 0o755, ...own };
const FILE = { kind: KIND.file, mode: 0o644, ...own };

export function residentMb(pid: number | 'self'): number {
  const line = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}

/** The path of the file number `index` of the tree, without a leading slash. */
export function filePath(index: number): string {
  const folder = Math.floor(index / FILES_EACH);
  return `${Math.floor(folder / DIRECTORIES_EACH)}/${folder % DIRECTORIES_EACH}/file-${index % FILES_EACH}.txt`;
}

/** Milliseconds that this thread has spent working. */
function workedMs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
}

class Builder {
  readonly #store: Store;
  nodes = 1;
  files = 0;
  peakMb = 0;
  /** Longest time from the end of a turn of ours to the start of the next, in milliseconds; and how much of one was work. */
  longestPauseMs = 0;
  longestWorkMs = 0;
  #top: Node | undefined;
  #folder: Node | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  async run(nodes: number): Promise<void> {
    while (this.nodes < nodes) {
      this.#store.transaction(() => {
        for (let i = 0; i < BATCH && this.nodes < nodes; i++) this.#make();
      });
      const end = performance.now();
      const worked = workedMs();
      await turn();
      this.longestPauseMs = Math.max(this.longestPauseMs, performance.now() - end);
      this.longestWorkMs = Math.max(this.longestWorkMs, workedMs() - worked);
      if (this.files % (FILES_EACH * 20) < BATCH) this.peakMb = Math.max(this.peakMb, residentMb('self'));
    }
  }

  #make(): void {
    const name = filePath(this.files).split('/') as [string, string, string];
    if (this.files % FILES_EACH === 0) this.#folder = this.folder(this.files / FILES_EACH);
    this.#store.create(this.#folder as Node, name[2], FILE);
    this.nodes++;
    this.files++;
  }

  /** Makes the directory of that number. */
  folder(number: number): Node {
    const at = number % DIRECTORIES_EACH;
    if (at === 0) {
      this.#top = this.#store.create(this.#store.node(ROOT_INO) as Node, String(number / DIRECTORIES_EACH), FOLDER);
      this.nodes++;
    }
    this.nodes++;
    return this.#store.create(this.#top as Node, String(at), FOLDER);
  }
}

async function main(path: string, nodes: number, made: number): Promise<void> {
  const store = await openStore(path, { create: true });
  const builder = new Builder(store);
  const start = performance.now();
  await builder.run(Math.min(nodes, made));
  const seconds = (performance.now() - start) / 1000;
  await store.checkpoint();
  const checkpointSeconds = (performance.now() - start) / 1000 - seconds;
  const folders: Ino[] = [];
  const firstFolder = Math.ceil(builder.files / FILES_EACH);
  while (builder.nodes + folders.length * FILES_EACH < nodes) {
    folders.push(builder.folder(firstFolder + folders.length).ino);
  }
  await store.close();
  const names = Array.from({ length: FILES_EACH }, (_value, i) => `file-${i}.txt`);
  if (folders.length > 0) await fillIndex(path, folders, names);
  const { longestPauseMs, longestWorkMs, peakMb } = builder;
  const files = builder.files + folders.length * FILES_EACH;
  const total = builder.nodes + folders.length * FILES_EACH;
  console.log(
    JSON.stringify({ files, nodes: total, seconds, checkpointSeconds, longestPauseMs, longestWorkMs, peakMb }),
  );
}

const [path, nodes, made] = process.argv.slice(2);
if (import.meta.filename === process.argv[1] && path !== undefined) await main(path, Number(nodes), Number(made));
