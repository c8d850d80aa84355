/**
 * What the law suite needs to know of a lens beside the lens: sources, changes to them, and noise.
 */
import type fc from 'fast-check';
import { kindOf } from '../../../lenses/diagnostics.ts';
import type { Edit } from '../../../lenses/edits.ts';
import type { Lens } from '../../../lenses/lens.ts';
import { leaf, type SourceNode } from '../../../lenses/source.ts';
import { Sized, type Value } from '../../../src/uarr/value.ts';
import { fieldChange } from './changes.ts';
import type { Random } from './random.ts';

export interface Subject {
  readonly lens: Lens;
  /** Sources with ids. Those that the lens refuses are left out. */
  readonly sources: fc.Arbitrary<SourceNode>;
  /** One change to a source, as a program makes it. */
  change(source: SourceNode, random: Random): Edit[];
  /** A text as an editor saves it that was served another: what only a program would renew is as it was served. */
  asSaved?(text: string, served: string): string;
  /** For each declared equivalence: the text with noise of that kind alone. */
  readonly noise: Readonly<Record<string, (text: string, random: Random) => string>>;
}

/** A subject whose text does not say its type: values change into others of their type. */
export function typedSubject(
  lens: Lens,
  values: fc.Arbitrary<Value>,
  noise: Subject['noise'],
  pool: readonly Value[],
): Subject {
  const typeOf = (value: Value): string => (value instanceof Sized ? value.type : kindOf(value));
  return {
    lens,
    sources: values.map((value) => leaf('subject', value, 'root')),
    change({ value }, random) {
      const alike = pool.filter((candidate) => typeOf(candidate) === typeOf(value));
      return [
        { op: 'set', node: 'root', part: 'value', path: [], value: alike.length === 0 ? value : random.pick(alike) },
      ];
    },
    noise,
  };
}

/** A subject of scope `value` over an arbitrary of values. */
export function valueSubject(
  lens: Lens,
  values: fc.Arbitrary<Value>,
  noise: Subject['noise'],
  pool: readonly Value[],
): Subject {
  return {
    lens,
    sources: values.map((value) => leaf('subject', value, 'root')),
    change(source, random) {
      return [fieldChange(source.value, 'root', random, pool, ['a', 'b', 'id', 'new key', 'é', '__proto__', '0'])];
    },
    noise,
  };
}
