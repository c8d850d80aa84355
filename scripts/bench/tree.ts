/**
 * A deterministic tree of small files, shaped like installed npm packages: packages of about 40 files in
 * a few directories, sizes log-normal with a median of 1.5 KB, a symbolic link here and there.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES_PER_PACKAGE = 40;
const SIZE_MEDIAN_BYTES = 1500;
const SIZE_SIGMA = 1.4;
const SIZE_BYTES_MAX = 300_000;
const WORDS = 'const function return import export value index name length if else for of new this null'.split(' ');

/** A linear congruential generator: the same tree everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Writes the tree into `directory` and returns its total of bytes. */
export function makeTree(directory: string, files: number): number {
  const random = generator(20260101);
  const text = Array.from({ length: 60_000 }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ');
  let bytes = 0;
  for (let i = 0; i < files; i++) {
    const packageNumber = Math.floor(i / FILES_PER_PACKAGE);
    const parts = [`package${packageNumber}`, `part${i % 3}`, ...(i % 5 === 0 ? [`deep${i % 7}`] : [])];
    const parent = join(directory, ...parts);
    mkdirSync(parent, { recursive: true });
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const size = Math.min(SIZE_BYTES_MAX, Math.round(SIZE_MEDIAN_BYTES * Math.exp(SIZE_SIGMA * normal)));
    const start = Math.floor(random() * 1000);
    writeFileSync(join(parent, `file${i}.js`), text.slice(start, start + size));
    if (i % FILES_PER_PACKAGE === 0) symlinkSync(`file${i}.js`, join(parent, 'main.js'));
    bytes += size;
  }
  return bytes;
}
