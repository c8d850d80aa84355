/** Directories of nodes, and changes to them, for lenses of trees and collections. */
import fc from 'fast-check';
import type { Edit, Handle } from '../../../lenses/edits.ts';
import { branch, leaf, nodesOf, type SourceNode } from '../../../lenses/source.ts';
import type { Value } from '../../../src/uarr/value.ts';
import { fieldChange } from './changes.ts';
import type { Random } from './random.ts';

/** The node with fresh ids for all: `n1`, `n2` and so on; the root is `root`. */
export function withIds(source: SourceNode): SourceNode {
  let count = 0;
  const number = (node: SourceNode): SourceNode => {
    const id = count++ === 0 ? 'root' : `n${count}`;
    return { ...node, id, children: node.children === null ? null : node.children.map(number) };
  };
  return number(source);
}

function uniqueKeys(children: readonly SourceNode[]): SourceNode[] {
  return [...new Map(children.map((child) => [child.key, child])).values()];
}

/** Directories of directories and values. */
export function trees(value: fc.Arbitrary<Value>, key: fc.Arbitrary<string>): fc.Arbitrary<SourceNode> {
  const { node } = fc.letrec<{ node: SourceNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      { weight: 3, arbitrary: fc.tuple(key, value).map(([name, held]) => leaf(name, held)) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(key, fc.array(tie('node'), { maxLength: 4 }), fc.option(value, { nil: undefined, freq: 5 }))
          .map(([name, children, own]) => ({ ...branch(name, uniqueKeys(children)), value: own })),
      },
    ),
  }));
  return fc.array(node, { maxLength: 5 }).map((children) => withIds(branch('tree', uniqueKeys(children))));
}

/** One change to a tree by a program: a field, a node more or less, another name or order. */
export function treeChange(
  source: SourceNode,
  random: Random,
  pool: readonly Value[],
  keys: readonly string[],
): Edit[] {
  const nodes = [...nodesOf(source)];
  const below = nodes.slice(1);
  const directories = nodes.filter(({ children }) => children !== null);
  const parent = random.pick(directories);
  const key = random.pick(keys);
  const taken = parent.children?.some((child) => child.key === key);
  switch (random.below(4)) {
    case 0:
      if (taken) return [];
      return [
        {
          op: 'create',
          node: `made${random.below(1e9)}`,
          parent: parent.id as Handle,
          key,
          value: random.pick(pool),
          meta: null,
          directory: false,
          before: parent.children?.[0]?.id ?? null,
        },
      ];
    case 1:
      return below.length === 0 ? [] : [{ op: 'delete', node: random.pick(below).id as Handle }];
    case 2: {
      const child = parent.children?.[0];
      if (child === undefined || taken) return [];
      return [{ op: 'rename', node: child.id as Handle, parent: parent.id as Handle, key }];
    }
    default: {
      const leaves = below.filter(({ children }) => children === null);
      if (leaves.length === 0) return [];
      const node = random.pick(leaves);
      return [fieldChange(node.value, node.id as Handle, random, pool, keys)];
    }
  }
}
