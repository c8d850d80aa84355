/**
 * Import and export as rsync would judge them, in a real store.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initStore, openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { exportHost } from '../../src/tree/export-host.ts';
import { importHost } from '../../src/tree/import-host.ts';
import { Tree } from '../../src/tree/tree.ts';
import { hasCommand } from '../support/mount.ts';
import { isRoot, makeHostTree } from './host-tree.ts';

let directory: string;
let store: Store;
let tree: Tree;

beforeEach(async () => {
  directory = fs.mkdtempSync(join(tmpdir(), 'fxmount-rsync-'));
  await initStore(join(directory, 'store'));
  store = await openStore(join(directory, 'store'));
  tree = new Tree(store);
});

afterEach(async () => {
  await store.close();
  fs.rmSync(directory, { recursive: true, force: true });
});

test.each([{ blocking: true }, { blocking: false }])(
  'a file of 1 TiB with data at both ends goes in and out in no time, with %o',
  async (how) => {
    const size = 2 ** 40;
    const source = join(directory, 'huge');
    const fd = fs.openSync(source, 'w');
    fs.writeSync(fd, 'begin', 0);
    fs.writeSync(fd, 'end', size - 3);
    fs.closeSync(fd);
    const { bytes } = await importHost(store, source, '/huge', how);
    expect(bytes).toBeLessThan(1 << 20);
    expect(tree.stat('/huge')).toMatchObject({ size });
    expect(tree.stat('/huge').storedBytes).toBeLessThan(1 << 20);
    await exportHost(store, '/huge', join(directory, 'out'), how);
    const out = fs.statSync(join(directory, 'out'));
    expect([out.size, out.blocks * 512 < 1 << 20]).toEqual([size, true]);
    const tail = Buffer.alloc(3);
    const read = fs.openSync(join(directory, 'out'), 'r');
    fs.readSync(read, tail, 0, 3, size - 3);
    fs.closeSync(read);
    expect(tail.toString()).toBe('end');
    fs.truncateSync(source, 0);
    fs.truncateSync(source, size);
    await importHost(store, source, '/hole', how);
    expect(tree.stat('/hole')).toMatchObject({ size, storedBytes: 0 });
  },
);

/** What rsync would have to do to make `target` the same as `source`; "" when they are. */
function differences(source: string, target: string): string {
  const flags = isRoot ? '-aHAXni' : '-rlptHAXni';
  return execFileSync('rsync', [flags, '--checksum', '--delete', `${source}/`, `${target}/`], { encoding: 'utf8' });
}

const RSYNC = hasCommand('rsync') && hasCommand('setfacl') && hasCommand('setfattr');

test.runIf(RSYNC).each([{ blocking: true }, { blocking: false }])(
  'rsync -aHAXn --checksum --delete finds nothing to do after import and export, with %o (needs rsync, acl, attr)',
  async (how) => {
    const source = join(directory, 'source');
    await makeHostTree(source, 11);
    const run = (command: string) => execFileSync('bash', ['-euc', command], { cwd: source });
    run('mkdir lists');
    run('setfattr -n user.note -v "some text" dir-0; setfattr -n user.binary -v 0x00ff00 file-0');
    run(
      'setfacl -m u:1234:r-x,g:4321:rwx file-0; setfacl -m u:1234:rwx dir-0; setfacl -d -m u:1234:r-x,o::--- lists; touch lists/inherits',
    );
    if (isRoot) {
      run('setfattr -n trusted.note -v secret lists; setfattr -h -n trusted.link -v x symlink');
      // cap_net_raw+ep, as linux/capability.h has it.
      run('setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 file-0');
      run('mknod block b 7 99; chown -h 1234:4321 symlink fifo');
    }
    run(
      'touch -h -d "1969-12-31 23:59:58.123456789 UTC" symlink; touch -d "2100-01-02 03:04:05.987654321" file-0 lists',
    );
    const imported = await importHost(store, source, '/in', how);
    expect([imported.skipped, imported.notes]).toEqual([[], []]);
    const target = join(directory, 'target');
    expect((await exportHost(store, '/in', target, how)).skipped).toEqual([]);
    expect(differences(source, target)).toBe('');
    // It would find something.
    fs.chmodSync(join(target, 'dir-0'), 0o700);
    expect(differences(source, target)).not.toBe('');
  },
);
