/**
 * The tree lens: a directory with all below it as one JSON or YAML document.
 *
 * | node                            | in the document                                       |
 * |---------------------------------|-------------------------------------------------------|
 * | directory                       | a map of its entries                                  |
 * | node with a value               | the value                                             |
 * | directory that has a value, too | a map in which the value is under `.value`            |
 *
 * What a new key holds decides what is made: a map becomes a directory, anything else (a map with
 * keys that can be no names, too) a node with that value. A node
 * keeps its identity while its key stays; a new key with the content of one that is gone is a renaming. Option:
 * `format`, `yaml` (default) or `json`.
 *
 * Caveats: the order of keys is not the order of slots, and saving another order changes nothing. A directory
 * that the text gives as null is emptied. A node without a value shows as null.
 */
import { FxError } from '../src/errors.ts';
import { checkName, nameFromText } from '../src/names.ts';
import type { Value, ValueMap } from '../src/uarr/value.ts';
import { editValue } from './apply-fields.ts';
import type { Decoded } from './decode.ts';
import type { Diagnostic } from './diagnostics.ts';
import { diffValues, labelOf } from './diff-values.ts';
import {
  currentText,
  type DocumentFormat,
  memberAt,
  openDocument,
  readDocument,
  renderDocument,
  type SyntaxNode,
} from './document.ts';
import type { Edit, FieldPath, Handle } from './edits.ts';
import { guardDeletions } from './guard.ts';
import { jsonFormat } from './json.ts';
import { type Lens, type PutOptions, refused, type Tombstone } from './lens.ts';
import { branch, leaf, type SourceNode } from './source.ts';
import { yamlFormat } from './yaml.ts';

/** Key under which a directory's own value shows. */
export const OWN_VALUE = '.value';

/** The document's value of a node and all below it. */
export function treeValue(node: SourceNode): Value {
  if (node.children === null) return node.value;
  const map: ValueMap = new Map();
  if (node.value !== undefined) map.set(OWN_VALUE, node.value);
  for (const child of node.children) map.set(child.key, treeValue(child));
  return map;
}

/** A new node for a value: directories for maps whose keys can be names. */
export function sourceOf(key: string, value: Value): SourceNode {
  if (!(value instanceof Map) || !canBeDirectory(value)) return leaf(key, value);
  const own = value.get(OWN_VALUE);
  const children = Array.from(value, ([name, item]) => sourceOf(name, item)).filter(
    ({ key: name }) => name !== OWN_VALUE,
  );
  return { ...branch(key, children), value: own };
}

function canBeDirectory(map: ValueMap): boolean {
  return Array.from(map.keys()).every((key) => nameProblem(key) === undefined);
}

function nameProblem(key: string): string | undefined {
  try {
    checkName(nameFromText(key));
    return undefined;
  } catch (error) {
    return error instanceof FxError ? error.message : 'the key is no valid name';
  }
}

function refuses(format: DocumentFormat, source: SourceNode): string | undefined {
  if (source.children === null) return 'it is no directory: bind it through the lens of its value';
  return doubled(source) ?? format.refuses(treeValue(source));
}

function doubled({ value, children }: SourceNode): string | undefined {
  const keys = new Set<string>(value === undefined ? [] : [OWN_VALUE]);
  for (const child of children ?? []) {
    if (keys.has(child.key)) return `the key ${JSON.stringify(child.key)} is there twice`;
    keys.add(child.key);
    const below = doubled(child);
    if (below !== undefined) return below;
  }
  return undefined;
}

/** Makes the edits of one put. */
class TreeDiffer {
  readonly edits: Edit[] = [];
  /** Paths whose key no slot can have. */
  readonly badKeys: { readonly path: FieldPath; readonly message: string }[] = [];
  readonly #format: DocumentFormat;
  readonly #tombstones: readonly Tombstone[];
  readonly #revived = new Set<Handle>();
  #created = 0;

  constructor(format: DocumentFormat, tombstones: readonly Tombstone[]) {
    this.#format = format;
    this.#tombstones = tombstones;
  }

  diff(node: SourceNode, next: Value, path: FieldPath): void {
    if (node.children === null) this.edits.push(...diffValues(node.value, next, node.id as Handle, this.#format));
    else this.#diffDirectory(node, node.children, next instanceof Map ? next : new Map(), path);
  }

  #diffDirectory(node: SourceNode, children: readonly SourceNode[], next: ValueMap, path: FieldPath): void {
    const id = node.id as Handle;
    if (!next.has(OWN_VALUE)) {
      if (node.value !== undefined) this.edits.push({ op: 'unset', node: id, part: 'value', path: [] });
    } else this.edits.push(...diffValues(node.value, next.get(OWN_VALUE), id, this.#format));
    const kept = new Map(children.filter((child) => fits(child, next)).map((child) => [child.key, child]));
    const gone = children.filter((child) => !kept.has(child.key));
    const added = Array.from(next).filter(([key]) => key !== OWN_VALUE && !kept.has(key));
    for (const [key, child] of kept) this.diff(child, next.get(key), [...path, key]);
    const open = added.filter(([key, value]) => !this.#wasHere(id, key, value));
    const renamed = pairRenamed(gone, open, this.#format);
    for (const child of gone) if (!renamed.has(child)) this.edits.push({ op: 'delete', node: child.id as Handle });
    for (const [child, key] of renamed) {
      this.edits.push({ op: 'rename', node: child.id as Handle, parent: id, key });
      this.#checkKey(key, [...path, key]);
      this.diff(child, next.get(key), [...path, key]);
    }
    const names = new Set(renamed.values());
    const keys = [...next.keys()];
    for (const [key, value] of added) {
      if (names.has(key)) continue;
      const later = keys.slice(keys.indexOf(key) + 1).find((name) => kept.has(name));
      this.#create(id, key, value, later === undefined ? null : ((kept.get(later) as SourceNode).id as Handle), [
        ...path,
        key,
      ]);
    }
  }

  /** Whether a node with this key and content was deleted here: it comes back, and nothing is renamed to it. */
  #wasHere(parent: Handle, key: string, value: Value): boolean {
    const label = labelOf(value);
    return this.#tombstones.some(
      (stone) =>
        stone.parent === parent &&
        stone.node.key === key &&
        labelOf(this.#format.show(treeValue(stone.node))) === label,
    );
  }

  #checkKey(key: string, path: FieldPath): void {
    const message = nameProblem(key);
    if (message !== undefined) this.badKeys.push({ path, message });
  }

  #create(parent: Handle, key: string, value: Value, before: Handle | null, path: FieldPath, from?: SourceNode): void {
    this.#checkKey(key, path);
    const old =
      from ??
      this.#tombstones.findLast(
        (stone) => stone.parent === parent && stone.node.key === key && this.#usable(stone.node, value),
      )?.node;
    const directory = old === undefined ? value instanceof Map && canBeDirectory(value) : old.children !== null;
    const own = directory ? (value as ValueMap).get(OWN_VALUE) : value;
    const node = old?.id ?? `+${++this.#created}`;
    this.#revived.add(node);
    const typed = old === undefined ? own : editValue(old.value, diffValues(old.value, own, node, this.#format));
    const op = old === undefined ? 'create' : 'revive';
    this.edits.push({ op, node, parent, key, value: typed, meta: old?.meta ?? null, directory, before });
    if (!directory) return;
    for (const [name, item] of value as ValueMap) {
      if (name === OWN_VALUE) continue;
      const child = old?.children?.find((candidate) => candidate.key === name && this.#usable(candidate, item));
      this.#create(node, name, item, null, [...path, name], child);
    }
  }

  #usable(node: SourceNode, value: Value): boolean {
    if (node.id === null || this.#revived.has(node.id)) return false;
    return (node.children !== null) === value instanceof Map || (node.children === null && node.value instanceof Map);
  }
}

/** Whether the document still has a child, and as the same kind of thing. */
function fits(child: SourceNode, next: ValueMap): boolean {
  if (!next.has(child.key) || child.key === OWN_VALUE) return false;
  const value = next.get(child.key);
  return child.children === null || value instanceof Map || value === null;
}

/** Children that are gone, with the new key that has their content: equal, or a directory with a key in common. */
function pairRenamed(
  gone: readonly SourceNode[],
  added: readonly (readonly [string, Value])[],
  format: DocumentFormat,
): Map<SourceNode, string> {
  const renamed = new Map<SourceNode, string>();
  const free = new Map<string, string[]>();
  for (const [key, value] of added) {
    const label = labelOf(value);
    free.set(label, [...(free.get(label) ?? []), key]);
  }
  for (const child of gone) {
    const key = free.get(labelOf(format.show(treeValue(child))))?.shift();
    if (key !== undefined) renamed.set(child, key);
  }
  const taken = new Set(renamed.values());
  const rest = added.filter(([key]) => !taken.has(key));
  const left = gone.filter((child) => !renamed.has(child));
  if (left.length === 1 && rest.length === 1) {
    const [child] = left as [SourceNode];
    const [[key, value]] = rest as [readonly [string, Value]];
    if (value instanceof Map && child.children?.some((below) => value.has(below.key))) renamed.set(child, key);
  }
  return renamed;
}

/** The lens with its documents in a format. */
function treeLens(format: DocumentFormat): Lens {
  return {
    name: 'tree',
    version: 1,
    extensions: [],
    mediaType: format.mediaType,
    scope: 'subtree',
    equivalences: format.equivalences,
    refuses: (source) => refuses(format, source),
    get: (source, complement) =>
      currentText(source, complement) ?? renderDocument(format, treeValue(source), complement?.text),
    validate(bytes) {
      const opened = openDocument(format, bytes);
      return opened.ok ? opened.warnings : opened.diagnostics;
    },
    put: (bytes, base, options = {}) => putTree(format, bytes, base, options),
    create(bytes) {
      const opened = openDocument(format, bytes);
      if (!opened.ok) return opened;
      const { tree, decoded, warnings } = opened;
      if (!(tree.value instanceof Map)) return refused(decoded.positions.diagnostic(notMap(tree)));
      const root = sourceOf('', tree.value);
      if (root.children !== null) return { ok: true, source: root, warnings };
      const bad = [...tree.value.keys()].filter((key) => nameProblem(key) !== undefined);
      return refused(...bad.map((key) => keyDiagnostic(tree, decoded, [key], nameProblem(key) ?? '')));
    },
    read: (bytes) => readDocument(format, bytes),
    configure(options) {
      const { format: name = 'yaml', ...others } = options;
      const [unknown] = Object.keys(others);
      if (unknown !== undefined) throw new FxError('INVALID', `the lens "tree" has no option "${unknown}"`);
      if (name !== 'yaml' && name !== 'json') throw new FxError('INVALID', 'the format of a tree is yaml or json');
      return treeLens(name === 'yaml' ? yamlFormat : jsonFormat);
    },
  };
}

function notMap({ start }: SyntaxNode) {
  return { index: start, code: 'kind', message: 'the document of a directory is a map of its entries' };
}

function keyDiagnostic(tree: SyntaxNode, { positions }: Decoded, path: FieldPath, message: string): Diagnostic {
  const { member, node } = memberAt(tree, path);
  return positions.diagnostic({ index: member?.start ?? node.start, code: 'key', message });
}

function putTree(
  format: DocumentFormat,
  bytes: Uint8Array,
  base: SourceNode,
  options: PutOptions,
): ReturnType<Lens['put']> {
  const opened = openDocument(format, bytes);
  if (!opened.ok) return opened;
  const { tree, decoded, warnings } = opened;
  if (!(tree.value instanceof Map) && tree.value !== null) return refused(decoded.positions.diagnostic(notMap(tree)));
  const differ = new TreeDiffer(format, options.tombstones ?? []);
  differ.diff(base, tree.value, []);
  if (differ.badKeys.length > 0) {
    return refused(...differ.badKeys.map(({ path, message }) => keyDiagnostic(tree, decoded, path, message)));
  }
  const guard = guardDeletions(base, differ.edits, options, decoded.positions);
  return guard === undefined ? { ok: true, edits: differ.edits, warnings } : refused(guard);
}

export const tree: Lens = treeLens(yamlFormat);
