/**
 * The public surface of fxmount for programs: open a store, work on its tree.
 *
 *     import { open } from 'fxmount';
 *     const tree = await open('/var/lib/project.fx', { create: true });
 *     tree.put('/config/server', { port: 8080 }, { parents: true });
 *     await tree.close();
 */
import { resolve } from 'node:path';
import { openStore, type SyncPolicy } from './store/open.ts';
import type { Store } from './store/store.ts';
import type { Ref } from './tree/address.ts';
import { exportHost } from './tree/export-host.ts';
import type { ExportOptions, ExportResult } from './tree/export-options.ts';
import type { ImportOptions, ImportResult } from './tree/import-options.ts';
import { importSource } from './tree/import-source.ts';
import type { TreeOptions } from './tree/settings.ts';
import { Tree } from './tree/tree.ts';

export { type Changes, type ConnectOptions, connect, FxClient, type NodeRead } from './daemon/connect.ts';
export { type FxSignal, type SignalOptions, SignalStream } from './daemon/signal-stream.ts';
export { ERROR_MEANINGS, type ErrorCode, FxError } from './errors.ts';
export type { StoreTotals } from './store/api.ts';
export type { Node } from './store/node.ts';
export type { SyncPolicy } from './store/open.ts';
export type { Ref } from './tree/address.ts';
export { exportHost } from './tree/export-host.ts';
export type { ExportCounts, ExportOptions, ExportResult } from './tree/export-options.ts';
export type { FieldPath, Fields } from './tree/fields.ts';
export { importHost } from './tree/import-host.ts';
export type { ImportCounts, ImportOptions, ImportResult } from './tree/import-options.ts';
export { importSource } from './tree/import-source.ts';
export type { KindName } from './tree/kinds.ts';
export type { AttributeSettings, CreateOptions, PutOptions, TreeOptions } from './tree/settings.ts';
export type { Stat } from './tree/stat.ts';
export { Tree } from './tree/tree.ts';
export type { Entry, WalkedEntry } from './tree/walk.ts';
export {
  fromJs,
  NodeRef,
  Sized,
  type SizedType,
  Timestamp,
  toJs,
  toJsonText,
  Uuid,
  type Value,
  type ValueMap,
} from './uarr/value.ts';

export interface OpenOptions extends TreeOptions {
  /** Makes a new store when the directory is missing or empty. */
  create?: boolean;
  /** Refuses every change. */
  readOnly?: boolean;
  /** When changes become durable by themselves; `sync` does it at any time. */
  sync?: SyncPolicy;
}

/** The tree of a store that this process has opened. */
export class OpenTree extends Tree {
  declare readonly store: Store;
  /** Where the store is. */
  readonly directory: string;

  constructor(store: Store, directory: string, options: TreeOptions = {}) {
    super(store, options);
    this.directory = directory;
  }

  /** Imports a host directory or file, or an FXD log or database, as the node at `at`; see `importSource`. */
  import(source: string, at: string, options: ImportOptions = {}): Promise<ImportResult> {
    return importSource(this.store, source, at, {
      ...options,
      exclude: [this.directory, ...(options.exclude ?? [])],
    });
  }

  /** Exports a node with all below it as a host directory or file; see `exportHost`. */
  export(ref: Ref, target: string, options: ExportOptions = {}): Promise<ExportResult> {
    return exportHost(this.store, ref, target, {
      ...options,
      exclude: [this.directory, ...(options.exclude ?? [])],
    });
  }

  /** Resolves when everything so far survives power loss. IO. */
  sync(): Promise<void> {
    return this.store.durable();
  }

  /** Writes the index, so that the next opening has little to replay. IO. */
  async checkpoint(): Promise<void> {
    await this.store.checkpoint();
  }

  /** Makes everything durable and gives the store up; the tree is of no use afterwards. */
  close(): Promise<void> {
    return this.store.close();
  }
}

/**
 * Opens the store in a directory. NOT_A_STORE, NEWER_FORMAT, DAMAGED; LOCKED: another process has it, such
 * as the daemon of a mount.
 */
export async function open(directory: string, options: OpenOptions = {}): Promise<OpenTree> {
  const { uid, gid, ...storeOptions } = options;
  const path = resolve(directory);
  const store = await openStore(path, storeOptions);
  return new OpenTree(store, path, { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) });
}
