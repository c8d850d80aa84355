/**
 * Builds a tree of many nodes through the real store, as fast as it goes, and says how long its loop was held.
 *
 *     node build.js STORE NODES      prints one JSON object
 *
 * The tree: directories of 100 directories of 1,000 files, so that ten million nodes lie three deep.
 */
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { KIND, type Node, ROOT_INO } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';

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

class Builder {
  readonly #store: Store;
  nodes = 1;
  files = 0;
  peakMb = 0;
  /** Longest time from the end of a turn of ours to the start of the next, in milliseconds. */
  longestPauseMs = 0;
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
      await turn();
      this.longestPauseMs = Math.max(this.longestPauseMs, performance.now() - end);
      if (this.files % (FILES_EACH * 20) < BATCH) this.peakMb = Math.max(this.peakMb, residentMb('self'));
    }
  }

  #make(): void {
    const folder = Math.floor(this.files / FILES_EACH);
    const name = filePath(this.files).split('/') as [string, string, string];
    if (this.files % (FILES_EACH * DIRECTORIES_EACH) === 0) {
      this.#top = this.#store.create(this.#store.node(ROOT_INO) as Node, name[0], FOLDER);
      this.nodes++;
    }
    if (this.files % FILES_EACH === 0) {
      this.#folder = this.#store.create(this.#top as Node, String(folder % DIRECTORIES_EACH), FOLDER);
      this.nodes++;
    }
    this.#store.create(this.#folder as Node, name[2], FILE);
    this.nodes++;
    this.files++;
  }
}

async function main(path: string, nodes: number): Promise<void> {
  const store = await openStore(path, { create: true });
  const builder = new Builder(store);
  const start = performance.now();
  await builder.run(nodes);
  const seconds = (performance.now() - start) / 1000;
  await store.close();
  const { files, longestPauseMs, peakMb } = builder;
  console.log(
    JSON.stringify({
      files,
      seconds,
      closeSeconds: (performance.now() - start) / 1000 - seconds,
      longestPauseMs,
      peakMb,
    }),
  );
}

const [path, nodes] = process.argv.slice(2);
if (import.meta.filename === process.argv[1] && path !== undefined) await main(path, Number(nodes));
