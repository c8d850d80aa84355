/**
 * The lenses by name, and the one that a file's name asks for.
 */
import { FxError } from '../src/errors.ts';
import { csv } from './csv.ts';
import { env } from './env.ts';
import { ini } from './ini.ts';
import { json, jsonc } from './json.ts';
import { jsonl } from './jsonl.ts';
import type { Lens, LensOptions } from './lens.ts';
import { markdown } from './markdown.ts';
import { properties } from './properties.ts';
import { raw } from './raw.ts';
import { snippets } from './snippets.ts';
import { text } from './text.ts';
import { toml } from './toml.ts';
import { tree } from './tree.ts';
import { uarr } from './uarr.ts';
import { yaml } from './yaml.ts';

/** The lenses of fxmount. */
export const LENSES: readonly Lens[] = [
  raw,
  text,
  json,
  jsonc,
  yaml,
  toml,
  tree,
  csv,
  jsonl,
  snippets,
  env,
  ini,
  properties,
  markdown,
  uarr,
];

export class LensRegistry {
  readonly #byName = new Map<string, Lens>();

  /** Throws EXISTS when two have one name. */
  constructor(lenses: Iterable<Lens> = LENSES) {
    for (const lens of lenses) this.add(lens);
  }

  /** Adds a lens, a user's own say. EXISTS when its name is taken. */
  add(lens: Lens): void {
    if (this.#byName.has(lens.name)) throw new FxError('EXISTS', `there is a lens named "${lens.name}" already`);
    this.#byName.set(lens.name, lens);
  }

  [Symbol.iterator](): IterableIterator<Lens> {
    return this.#byName.values();
  }

  find(name: string): Lens | undefined {
    return this.#byName.get(name);
  }

  /** The lens with its options set. NOT_FOUND for an unknown name, INVALID for options that it does not take. */
  get(name: string, options?: LensOptions): Lens {
    const lens = this.#byName.get(name);
    if (lens === undefined) {
      throw new FxError('NOT_FOUND', `no lens is named "${name}"; there are ${[...this.#byName.keys()].join(', ')}`);
    }
    if (options === undefined || Object.keys(options).length === 0) return lens;
    if (lens.configure === undefined) throw new FxError('INVALID', `the lens "${name}" takes no options`);
    return lens.configure(options);
  }

  /**
   * The lens for a file name: by the whole name, then by its longest known end. Lenses added later win, so that a
   * user's own replaces one of ours. Undefined when no lens knows it.
   */
  forFileName(fileName: string): Lens | undefined {
    const name = fileName.toLowerCase();
    let found: Lens | undefined;
    let length = 0;
    for (const lens of this.#byName.values()) {
      for (const extension of lens.extensions) {
        const known = extension.toLowerCase();
        if (known.length >= length && (name === known || (known.startsWith('.') && name.endsWith(known)))) {
          found = lens;
          length = known.length;
        }
      }
    }
    return found;
  }
}
