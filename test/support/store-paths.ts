/**
 * Operations by path on a Vfs and on the store below it, with files that stay open.
 */
import { Vfs } from '../../mount/vfs.ts';
import { FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import type { StoreApi } from '../../src/store/api.ts';
import type { Node } from '../../src/store/node.ts';
import { type Described, digest, ROOMY_TOTALS, readAll, VfsPaths } from './paths.ts';

export class StorePaths extends VfsPaths {
  store: StoreApi;
  /** Inodes held open, as a kernel would; an inode may be there twice. */
  readonly #held: Ino[] = [];

  constructor(store: StoreApi) {
    super(new Vfs(store, { totals: ROOMY_TOTALS }));
    this.store = store;
    this.#hold();
  }

  #hold(): void {
    this.vfs.addHolder((ino) => this.#held.includes(ino));
  }

  /** Goes on with the store opened anew; what was held is let go. */
  reopened(store: StoreApi): void {
    (this.vfs as Vfs).close();
    this.store = store;
    this.#held.length = 0;
    this.vfs = new Vfs(store, { totals: ROOMY_TOTALS });
    this.#hold();
  }

  /** Sets the value of a file or directory, as the API does, or removes the one that it has. */
  setValue(path: string, value: Uint8Array | null): void {
    const node = this.#node(path);
    if (node.kind > 2) throw new FxError('INVALID');
    this.store.patch(node, { value });
  }

  /** Changes of several kinds that are all taken back. */
  failingTransaction(path: string, other: string, data: Uint8Array): void {
    try {
      this.store.transaction(() => {
        const root = this.store.node(1) as Node;
        const made = this.store.create(root, 'made', { kind: 1, mode: 0o600, uid: 0, gid: 0 });
        this.store.write(made, 10, data, 0, data.length);
        for (const at of [path, other]) {
          const node = this.#node(at);
          this.store.patch(node, { mode: 0, xattrs: new Map([['user.a', data]]) });
          if (node.kind === 1 && node.value === null) {
            this.store.write(node, 3, data, 0, data.length, { mode: 0o644 });
            this.store.patch(node, { size: 7 });
          }
          const link = node.links[0];
          if (link) this.store.rename(this.store.node(link.parent) as Node, link.name, root, `moved-${node.ino}`);
        }
        throw new FxError('INTERRUPTED');
      });
    } catch (error) {
      if (!(error instanceof FxError)) throw error;
    }
  }

  #node(path: string): Node {
    const node = this.store.node(this.find(path).ino);
    if (node === undefined) throw new FxError('NOT_FOUND');
    return node;
  }

  hold(path: string): void {
    const { ino, kind } = this.find(path);
    if (kind === 1 && ino < 2 ** 52) this.#held.push(ino);
  }

  writeHeld(at: number, offset: number, data: Uint8Array): void {
    const ino = this.#held[at];
    if (ino !== undefined) this.vfs.write(ino, 0, offset, data, 0, data.length, true);
  }

  truncateHeld(at: number, size: number): void {
    const ino = this.#held[at];
    if (ino !== undefined) this.vfs.setAttributes(ino, { size }, { uid: 0, gid: 0, pid: 1 });
  }

  letGo(at: number): void {
    const [ino] = this.#held.splice(at, 1);
    if (ino !== undefined) this.vfs.reclaim(ino);
  }

  letAllGo(): void {
    while (this.#held.length > 0) this.letGo(0);
  }

  /** What is open, with and without a name. */
  held(): Pick<Described, 'nlink' | 'size' | 'content'>[] {
    return this.#held.map((ino) => {
      const { nlink, size } = this.vfs.attributes(ino);
      return { nlink, size, content: digest(readAll(this.vfs, ino)) };
    });
  }
}
