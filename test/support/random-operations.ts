/**
 * Random filesystem operations on a small set of names, so that they meet often.
 *
 * A path is drawn as a reference: one of the paths that exist when the step runs, or a name below one.
 * So most steps find what they need, and some do not.
 */
import fc from 'fast-check';
import { encode } from '../../src/uarr/v2.ts';
import type { Value } from '../../src/uarr/value.ts';
import type { PathOperations } from './paths.ts';
import type { StorePaths } from './store-paths.ts';

/** One operation with its arguments, to be run on anything that has it. */
export interface Step<T> {
  run(on: T): void;
  toString(): string;
}

/** A step whose paths are still to be chosen among those that exist ('' first). */
export interface OpenStep<T> {
  among(paths: readonly string[]): Step<T>;
  toString(): string;
}

class PathReference {
  readonly #pick: number;
  readonly #below: string | null;

  constructor(pick: number, below: string | null) {
    this.#pick = pick;
    this.#below = below;
  }

  among(paths: readonly string[]): string {
    const base = paths[this.#pick % paths.length] ?? '';
    if (this.#below === null) return base === '' ? (paths.at(-1) ?? '') || 'a' : base;
    return base === '' ? this.#below : `${base}/${this.#below}`;
  }

  toString(): string {
    return `#${this.#pick}${this.#below === null ? '' : `/${this.#below}`}`;
  }
}

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const present = fc.nat(1000).map((pick) => new PathReference(pick, null));
const below = fc.tuple(fc.nat(1000), name).map(([pick, child]) => new PathReference(pick, child));
const below0 = name.map((child) => new PathReference(0, child));
/** Mostly what exists, or mostly what does not. */
const old = fc.oneof({ weight: 9, arbitrary: present }, { weight: 1, arbitrary: below });
const fresh = fc.oneof(
  { weight: 6, arbitrary: below },
  { weight: 2, arbitrary: below0 },
  { weight: 2, arbitrary: present },
);
const valueFile = fc.nat(1000).map((pick) => new PathReference(pick, '.value'));

const fileMode = fc.constantFrom(0o644, 0o600, 0o755, 0o444);
const anyMode = fc.constantFrom(0o644, 0o755, 0o4755, 0o2755, 0o2644, 0o6711, 0o1777);
const directoryMode = fc.constantFrom(0o755, 0o700, 0o1777, 0o2775, 0o6755);
const id = fc.constantFrom(0, 1, 1000);
const offset = fc.oneof(fc.nat(64), fc.nat(20_000), fc.constantFrom(4096, 8192, 4_194_303, 4_194_304));
const data = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
  fc
    .tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 12_000 }))
    .map(([byte, n]) => Buffer.alloc(n, byte)),
);
const flag = fc.boolean();
const length = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 20_000 }));
const blocks = fc.constantFrom(4096, 8192, 4_194_304);
const allocation = fc.constantFrom('allocate', 'punch', 'zero', 'collapse', 'insert');
const shift = fc.constantFrom('collapse', 'insert');

/** A step that calls `method` with what is drawn from `args`. */
function step<T>(method: keyof T & string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<OpenStep<T>> {
  return fc.tuple(...args).map((drawn) => ({
    among: (paths) => {
      const values = drawn.map((value) => (value instanceof PathReference ? value.among(paths) : value));
      return {
        run: (on: T) => (on[method] as (...values: unknown[]) => void)(...values),
        toString: () => shown(method, values),
      };
    },
    toString: () => shown(method, drawn),
  }));
}

function shown(method: string, values: unknown[]): string {
  const texts = values.map((value) => {
    if (value instanceof Uint8Array) return `${value.length} bytes of ${value[0]}`;
    return value instanceof PathReference ? String(value) : JSON.stringify(value);
  });
  return `${method}(${texts.join(', ')})`;
}

type Weighted<T> = fc.WeightedArbitrary<OpenStep<T>>;

function posixSteps<T extends PathOperations>(): Weighted<T>[] {
  return [
    { weight: 14, arbitrary: step<T>('create', fresh, fileMode) },
    { weight: 14, arbitrary: step<T>('mkdir', fresh, directoryMode) },
    { weight: 2, arbitrary: step<T>('symlink', fresh, fc.constantFrom('nowhere', '../nowhere/b')) },
    { weight: 4, arbitrary: step<T>('link', old, fresh) },
    { weight: 6, arbitrary: step<T>('write', old, offset, data) },
    { weight: 3, arbitrary: step<T>('truncate', old, offset) },
    { weight: 1, arbitrary: step<T>('openTruncate', old) },
    { weight: 2, arbitrary: step<T>('chmod', old, anyMode) },
    { weight: 2, arbitrary: step<T>('chown', old, id, id) },
    { weight: 4, arbitrary: step<T>('rename', old, fresh) },
    { weight: 3, arbitrary: step<T>('rename', old, old) },
    { weight: 2, arbitrary: step<T>('unlink', old) },
    { weight: 2, arbitrary: step<T>('rmdir', old) },
  ];
}

/** What every filesystem has. */
export function posixStep(): fc.Arbitrary<OpenStep<PathOperations>> {
  return fc.oneof(...posixSteps<PathOperations>());
}

/** What a Vfs and the store below it have beyond that. */
export function storeStep(): fc.Arbitrary<OpenStep<StorePaths>> {
  const attribute = fc.constantFrom('user.a', 'user.b', 'trusted.c', 'security.capability', 'system.no', 'user.fx.id');
  const options = fc.constantFrom(
    { create: false, replace: false },
    { create: false, replace: false },
    { create: true, replace: false },
    { create: false, replace: true },
  );
  const values: Value[] = ['text', 42n, new Map([['key', 'x'.repeat(9000)]])];
  const value = fc.constantFrom(null, ...values.map((typed) => encode(typed)));
  return fc.oneof(
    ...posixSteps<StorePaths>(),
    { weight: 3, arbitrary: step<StorePaths>('renameWith', old, old, flag, flag) },
    { weight: 4, arbitrary: step<StorePaths>('setXattr', old, attribute, data, options) },
    { weight: 2, arbitrary: step<StorePaths>('removeXattr', old, attribute) },
    { weight: 1, arbitrary: step<StorePaths>('mkfifo', fresh, fileMode) },
    { weight: 4, arbitrary: step<StorePaths>('setValue', old, value) },
    { weight: 1, arbitrary: step<StorePaths>('create', valueFile, fileMode) },
    { weight: 1, arbitrary: step<StorePaths>('rename', old, valueFile) },
    { weight: 1, arbitrary: step<StorePaths>('rename', valueFile, old) },
    { weight: 1, arbitrary: step<StorePaths>('unlink', valueFile) },
    { weight: 5, arbitrary: step<StorePaths>('allocate', old, offset, length, allocation, flag) },
    { weight: 2, arbitrary: step<StorePaths>('allocate', old, blocks, blocks, shift, flag) },
    { weight: 5, arbitrary: step<StorePaths>('copyRange', old, offset, old, offset, length) },
    { weight: 4, arbitrary: step<StorePaths>('hold', old) },
    { weight: 3, arbitrary: step<StorePaths>('writeHeld', fc.nat(3), offset, data) },
    { weight: 1, arbitrary: step<StorePaths>('truncateHeld', fc.nat(3), offset) },
    { weight: 1, arbitrary: step<StorePaths>('letGo', fc.nat(3)) },
    { weight: 2, arbitrary: step<StorePaths>('failingTransaction', old, old, data) },
  );
}
