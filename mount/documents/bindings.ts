/**
 * Binding rules: which files of a directory, and of all below it, are documents, and how they are checked.
 *
 * A rule is kept as a private attribute of its directory, so it moves and goes with it. The nearest rule
 * above a file holds for it, whole: rules are not mixed. Under the rule "auto" a file is a document when a
 * lens knows the end of its name; under a named lens every file is, but for scratch names (`scratch.ts`).
 */
import type { Lens, LensOptions } from '../../lenses/lens.ts';
import type { LensRegistry } from '../../lenses/registry.ts';
import { checkSchema } from '../../lenses/schema.ts';
import { FxError } from '../../src/errors.ts';
import { type Name, nameToText } from '../../src/names.ts';
import type { StoreApi } from '../../src/store/api.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { NodeSet } from './node-set.ts';
import { isScratchName } from './scratch.ts';

export const AUTO = 'auto';
export const MODES = ['strict', 'lenient'] as const;
export type Mode = (typeof MODES)[number];

export interface Rule {
  /** Name of a lens, or "auto": by the end of the file's name. */
  readonly lens: string;
  /** strict refuses what does not parse or breaks the schema; lenient keeps it as a draft and says nothing. */
  readonly mode: Mode;
  /** JSON Schema that every document must hold to, as text. */
  readonly schema: string | null;
  readonly options: LensOptions;
}

const RULE_ATTRIBUTE: Name = 'fx.bind';
const BOUND_ATTRIBUTE: Name = 'fx.bound';

export class Bindings {
  readonly #store: StoreApi;
  readonly #registry: LensRegistry;
  readonly #directories: NodeSet;
  readonly #decoded = new WeakMap<Uint8Array, Rule>();

  constructor(store: StoreApi, registry: LensRegistry) {
    this.#store = store;
    this.#registry = registry;
    this.#directories = new NodeSet(store, BOUND_ATTRIBUTE);
  }

  /** Whether no directory has a rule. */
  get isEmpty(): boolean {
    return this.#directories.isEmpty;
  }

  /** Sets the rule of a directory. NOT_DIRECTORY; NOT_FOUND and INVALID for its lens, options and schema. */
  set(directory: Node, rule: Rule): void {
    if (directory.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY', 'a rule is bound to a directory');
    if (rule.lens !== AUTO && this.#registry.get(rule.lens, rule.options).scope !== 'value') {
      throw new FxError(
        'INVALID',
        `the lens "${rule.lens}" shows many nodes; a rule takes one that shows the value of one`,
      );
    }
    if (rule.schema !== null) checkSchema(rule.schema);
    this.#put(directory, Buffer.from(JSON.stringify(rule), 'utf8'));
  }

  /** False when the directory had no rule. */
  remove(directory: Node): boolean {
    if (this.#own(directory) === undefined) return false;
    this.#put(directory, null);
    return true;
  }

  #put(directory: Node, bytes: Uint8Array | null): void {
    this.#store.transaction(() => {
      this.#store.patch(directory, { xattrs: new Map([[RULE_ATTRIBUTE, bytes]]) });
      this.#directories.put(directory.ino, bytes !== null);
    });
  }

  *rules(): Generator<{ directory: Node; rule: Rule }> {
    for (const directory of this.#directories.nodes()) {
      const rule = this.#own(directory);
      if (rule !== undefined) yield { directory, rule };
    }
  }

  /** The rule that holds for entries of the directory; undefined when there is none. */
  ruleFor(directory: Node): Rule | undefined {
    if (this.isEmpty) return undefined;
    for (let at: Node | undefined = directory; at !== undefined; ) {
      const rule = this.#own(at);
      if (rule !== undefined) return rule;
      const link: Node['links'][number] | undefined = at.links[0];
      at = link && this.#store.node(link.parent);
    }
    return undefined;
  }

  /**
   * The lens that a rule gives to a file name; undefined when files of that name stay plain, as they do while a lens
   * of the user is not there.
   */
  lensOf(rule: Rule, name: Name): Lens | undefined {
    if (isScratchName(name)) return undefined;
    if (rule.lens === AUTO) return this.#registry.forFileName(nameToText(name));
    return this.#registry.find(rule.lens) && this.#registry.get(rule.lens, rule.options);
  }

  #own(directory: Node): Rule | undefined {
    const bytes = directory.xattrs?.get(RULE_ATTRIBUTE);
    if (bytes === undefined) return undefined;
    const known = this.#decoded.get(bytes);
    if (known !== undefined) return known;
    const rule = decodeRule(bytes);
    this.#decoded.set(bytes, rule);
    return rule;
  }
}

/** Never throws: what this version cannot read counts as a rule that checks nothing away. */
function decodeRule(bytes: Uint8Array): Rule {
  const plain: Rule = { lens: AUTO, mode: 'strict', schema: null, options: {} };
  try {
    const read = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Rule>;
    return { ...plain, ...read };
  } catch {
    return plain;
  }
}
