/**
 * Edits of a tree's values sorted by the map or array that they change, for formats that splice texts.
 */
import type { Value } from '../src/uarr/value.ts';
import { editValue } from './apply-fields.ts';
import type { SyntaxMember, SyntaxNode } from './document.ts';
import type { FieldEdit } from './edits.ts';

export interface Inserted {
  /** Undefined for an array's item. */
  readonly key: string | undefined;
  readonly value: Value;
}

/** What changes in one map or array of the text. */
export interface ContainerChange {
  readonly node: SyntaxNode;
  /** The member whose value it is; undefined for the root. */
  readonly member: SyntaxMember | undefined;
  /** Indices of members. */
  readonly removed: Set<number>;
  /** New members by the index of the member before which they stand. */
  readonly inserted: Map<number, Inserted[]>;
}

/** The new members of a container as functions that print them, for lists on one line: the indent does not matter. */
export function printers(
  { inserted }: ContainerChange,
  print: (member: Inserted) => string,
): Map<number, (() => string)[]> {
  return new Map([...inserted].map(([at, fresh]) => [at, fresh.map((member) => () => print(member))]));
}

export interface TreeChange {
  /** Members whose value becomes another. */
  readonly replaced: { readonly member: SyntaxMember; readonly value: Value }[];
  readonly containers: Map<SyntaxNode, ContainerChange>;
  /** The whole value becomes another. */
  readonly root?: { readonly value: Value };
}

/** Sorts the edits; undefined when one leads nowhere in the tree. */
export function sortEdits(tree: SyntaxNode, edits: readonly FieldEdit[]): TreeChange | undefined {
  const whole = edits.find(({ path }) => path.length === 0);
  if (whole !== undefined) {
    return whole.op === 'set' ? { replaced: [], containers: new Map(), root: { value: whole.value } } : undefined;
  }
  const sorter = new Sorter(tree);
  return edits.every((edit) => sorter.sort(edit)) ? sorter.finish() : undefined;
}

interface Found {
  readonly index: number;
  readonly member: SyntaxMember;
  readonly inherited: boolean;
}

class Sorter {
  readonly #tree: SyntaxNode;
  readonly #change: TreeChange = { replaced: [], containers: new Map() };
  readonly #indices = new Map<SyntaxNode, Map<string | number, Found>>();
  /** Edits inside values whose text stands elsewhere: such a value is written out as a whole. */
  readonly #opaque = new Map<SyntaxMember, { found: Found; container: ContainerChange; edits: FieldEdit[] }>();

  constructor(tree: SyntaxNode) {
    this.#tree = tree;
  }

  #find(node: SyntaxNode, step: string | number): Found | undefined {
    let known = this.#indices.get(node);
    if (known === undefined) {
      known = new Map();
      for (const [index, member] of (node.inherited ?? []).entries())
        known.set(member.step, { index, member, inherited: true });
      for (const [index, member] of (node.members ?? []).entries())
        known.set(member.step, { index, member, inherited: false });
      this.#indices.set(node, known);
    }
    return known.get(step);
  }

  #container(node: SyntaxNode, member: SyntaxMember | undefined): ContainerChange {
    const known = this.#change.containers.get(node);
    if (known !== undefined) return known;
    const made: ContainerChange = { node, member, removed: new Set(), inserted: new Map() };
    this.#change.containers.set(node, made);
    return made;
  }

  sort(edit: FieldEdit): boolean {
    const { path } = edit;
    let node = this.#tree;
    let owner: SyntaxMember | undefined;
    for (const [i, step] of path.slice(0, -1).entries()) {
      const found = this.#find(node, step);
      if (found === undefined) return false;
      if (found.inherited || found.member.node.members === undefined) {
        const container = { node, member: owner };
        this.#addOpaque(found, container, { ...edit, path: path.slice(i + 1) });
        return true;
      }
      owner = found.member;
      node = owner.node;
    }
    return node.members !== undefined && this.#sortIn(node, owner, edit);
  }

  #sortIn(node: SyntaxNode, owner: SyntaxMember | undefined, edit: FieldEdit): boolean {
    const last = edit.path.at(-1) as string | number;
    const found = this.#find(node, last);
    if (edit.op === 'set' && found !== undefined) {
      if (found.inherited)
        this.#insert(node, owner, node.members?.length ?? 0, [{ key: String(last), value: edit.value }]);
      else this.#change.replaced.push({ member: found.member, value: edit.value });
      return true;
    }
    if (edit.op === 'unset') {
      if (found === undefined || found.inherited) return false;
      this.#container(node, owner).removed.add(found.index);
      return true;
    }
    if (edit.op === 'insert') {
      this.#insert(
        node,
        owner,
        Number(last),
        edit.values.map((value) => ({ key: undefined, value })),
      );
      return true;
    }
    const before = edit.before === undefined || edit.before === null ? undefined : this.#find(node, edit.before);
    const at = before === undefined || before.inherited ? (node.members?.length ?? 0) : before.index;
    this.#insert(node, owner, at, [{ key: String(last), value: edit.value }]);
    return true;
  }

  #insert(node: SyntaxNode, owner: SyntaxMember | undefined, at: number, fresh: readonly Inserted[]): void {
    const { inserted } = this.#container(node, owner);
    inserted.set(at, [...(inserted.get(at) ?? []), ...fresh]);
  }

  #addOpaque(
    found: Found,
    { node, member }: { node: SyntaxNode; member: SyntaxMember | undefined },
    edit: FieldEdit,
  ): void {
    const known = this.#opaque.get(found.member);
    if (known !== undefined) known.edits.push(edit);
    else this.#opaque.set(found.member, { found, container: this.#container(node, member), edits: [edit] });
  }

  finish(): TreeChange {
    for (const { found, container, edits } of this.#opaque.values()) {
      const { member, inherited } = found;
      const value = editValue(member.node.value, edits);
      if (inherited)
        this.#insert(container.node, container.member, container.node.members?.length ?? 0, [
          { key: String(member.step), value },
        ]);
      else this.#change.replaced.push({ member, value });
    }
    for (const [node, { removed, inserted }] of this.#change.containers) {
      if (removed.size === 0 && inserted.size === 0) this.#change.containers.delete(node);
    }
    return this.#change;
  }
}
