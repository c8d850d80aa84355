/** Collections for JSON Lines, and changes to them. Lines that are equal are told apart by place alone, so there are none. */
import fc from 'fast-check';
import { labelOf } from '../../../lenses/diff-values.ts';
import type { Edit, Handle } from '../../../lenses/edits.ts';
import { JSON_TYPING } from '../../../lenses/json-typing.ts';
import { branch, leaf, type SourceNode } from '../../../lenses/source.ts';
import type { Value } from '../../../src/uarr/value.ts';
import { fieldChange } from './changes.ts';
import type { Random } from './random.ts';
import { withIds } from './trees.ts';
import { illFormedTexts, values } from './values.ts';

const held = values(illFormedTexts, illFormedTexts);
const pool = fc.sample(held, { numRuns: 32, seed: 11 });

export const lineSets: fc.Arbitrary<SourceNode> = fc
  .uniqueArray(held, { maxLength: 5, selector: (value) => labelOf(JSON_TYPING.show(value)) })
  .map((items) =>
    withIds(
      branch(
        'lines',
        items.map((value, i) => leaf(String(i + 1), value)),
      ),
    ),
  );

export function lineChange(source: SourceNode, random: Random): Edit[] {
  const children = source.children ?? [];
  const root = source.id as Handle;
  const node = children.length === 0 ? undefined : random.pick(children);
  switch (random.below(4)) {
    case 0: {
      const count = random.below(1e9);
      const value: Value = random.pick(pool);
      return [
        {
          op: 'create',
          node: `made${count}`,
          parent: root,
          key: `k${count}`,
          value,
          meta: null,
          directory: false,
          before: node?.id ?? null,
        },
      ];
    }
    case 1:
      return node === undefined ? [] : [{ op: 'delete', node: node.id as Handle }];
    case 2:
      return [{ op: 'order', node: root, children: children.map(({ id }) => id as Handle).reverse() }];
    default:
      return node === undefined ? [] : [fieldChange(node.value, node.id as Handle, random, pool, ['a', 'id', 'é'])];
  }
}
