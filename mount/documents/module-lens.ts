/**
 * Lenses of a user's own module, as the process that answers the kernel knows them: by their description. The module
 * itself is only ever loaded in a thread (`lens-thread.ts`), where it can be ended; whoever would call such a
 * lens here asks the thread instead.
 */
import type { Diagnostic } from '../../lenses/diagnostics.ts';
import type { CreateResult, Equivalence, Lens, PutResult, Scope } from '../../lenses/lens.ts';
import { FxError } from '../../src/errors.ts';

/** What the thread tells of a lens: plain data. */
export interface LensDescription {
  readonly name: string;
  readonly version: number;
  readonly extensions: readonly string[];
  readonly mediaType: string;
  readonly scope: Scope;
}

/** A module, and who it may belong to. */
export interface LensModule {
  /** Absolute. */
  readonly path: string;
  /** The owner of the store. */
  readonly uid: number;
}

export class ModuleLens implements Lens {
  readonly name: string;
  readonly version: number;
  readonly extensions: readonly string[];
  readonly mediaType: string;
  readonly scope: Scope;
  readonly equivalences: readonly Equivalence[] = [];

  constructor({ name, version, extensions, mediaType, scope }: LensDescription) {
    this.name = name;
    this.version = version;
    this.extensions = extensions;
    this.mediaType = mediaType;
    this.scope = scope;
  }

  /** A lens that a rule or a document names, and that is not there: what it showed is kept, and no save is accepted. */
  static absent(name: string): ModuleLens {
    return new ModuleLens({ name, version: 0, extensions: [], mediaType: '', scope: 'value' });
  }

  /** Only its thread knows; where it does refuse, `raw` shows the value. */
  refuses(): undefined {
    return undefined;
  }

  get(): Uint8Array {
    throw this.#elsewhere();
  }

  validate(): readonly Diagnostic[] {
    throw this.#elsewhere();
  }

  put(): PutResult {
    throw this.#elsewhere();
  }

  create(): CreateResult {
    throw this.#elsewhere();
  }

  #elsewhere(): FxError {
    return new FxError('NOT_SUPPORTED', `the lens "${this.name}" runs in a thread of its own`);
  }
}
