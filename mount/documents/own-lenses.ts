/**
 * The lenses of a store: those of fxmount, and those of the module that the store's settings name.
 */
import type { Diagnostic } from '../../lenses/diagnostics.ts';
import type { Lens } from '../../lenses/lens.ts';
import { LensRegistry } from '../../lenses/registry.ts';
import { FxError } from '../../src/errors.ts';
import { checkText } from './judge.ts';
import { faultOf, LensWorker } from './lens-worker.ts';
import { type LensModule, ModuleLens } from './module-lens.ts';

/** Longest that loading a module may take. */
const LOAD_MS_MAX = 5000;

export interface StoreLenses {
  readonly registry: LensRegistry;
  /** Null when the settings name none. */
  readonly module: LensModule | null;
  /** Why the module's lenses are not in the registry; null when they are. */
  readonly problem: string | null;
}

/** Never rejects: with a module that cannot be had, the lenses are those of fxmount, and `problem` says why. */
export async function lensesOf(module: LensModule | null, loadMsMax: number = LOAD_MS_MAX): Promise<StoreLenses> {
  if (module === null) return { registry: new LensRegistry(), module, problem: null };
  try {
    return { registry: await load(module, loadMsMax), module, problem: null };
  } catch (error) {
    return { registry: new LensRegistry(), module, problem: (error as Error).message };
  }
}

async function load(module: LensModule, loadMsMax: number): Promise<LensRegistry> {
  const worker = new LensWorker(module, loadMsMax);
  try {
    const reply = await worker.run({ kind: 'describe' });
    if (reply.kind !== 'describe') {
      throw new FxError('INVALID', reply.kind === 'failed' ? reply.message : `${module.path} gave no lenses`);
    }
    const registry = new LensRegistry();
    for (const description of reply.lenses) registry.add(new ModuleLens(description));
    return registry;
  } finally {
    worker.close();
  }
}

/** Checks texts by themselves; those of the user's lenses in a thread. */
export class LensChecker {
  readonly #worker: LensWorker;

  constructor(module: LensModule | null) {
    this.#worker = new LensWorker(module);
  }

  async check(lens: Lens, text: Uint8Array, schema: string | null): Promise<readonly Diagnostic[]> {
    if (!(lens instanceof ModuleLens)) return checkText(lens, text, schema);
    const reply = await this.#worker.run({ kind: 'check', lens: lens.name, options: {}, text, schema });
    return reply.kind === 'check' ? reply.diagnostics : [faultOf(reply)];
  }

  close(): void {
    this.#worker.close();
  }
}
