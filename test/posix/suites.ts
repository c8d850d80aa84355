/**
 * All suites, in the order in which they run.
 */
import { suite as access } from './cases/access.ts';
import { suite as acl } from './cases/acl.ts';
import { suite as allocate } from './cases/allocate.ts';
import { suite as chmod } from './cases/chmod.ts';
import { suite as chown } from './cases/chown.ts';
import { suite as concurrency } from './cases/concurrency.ts';
import { suite as copyFileRange } from './cases/copy-file-range.ts';
import { suite as execute } from './cases/execute.ts';
import { suite as flags } from './cases/flags.ts';
import { suite as link } from './cases/link.ts';
import { suite as locks } from './cases/locks.ts';
import { suite as mkdir } from './cases/mkdir.ts';
import { suite as mknod } from './cases/mknod.ts';
import { suite as mmap } from './cases/mmap.ts';
import { suite as names } from './cases/names.ts';
import { suite as open } from './cases/open.ts';
import { suite as readWrite } from './cases/read-write.ts';
import { suite as readdir } from './cases/readdir.ts';
import { suite as rename } from './cases/rename.ts';
import { suite as rmdir } from './cases/rmdir.ts';
import { suite as setId } from './cases/set-id.ts';
import { suite as stat } from './cases/stat.ts';
import { suite as statfs } from './cases/statfs.ts';
import { suite as statx } from './cases/statx.ts';
import { suite as sticky } from './cases/sticky.ts';
import { suite as symlink } from './cases/symlink.ts';
import { suite as sync } from './cases/sync.ts';
import { suite as tmpfile } from './cases/tmpfile.ts';
import { suite as truncate } from './cases/truncate.ts';
import { suite as unlink } from './cases/unlink.ts';
import { suite as utimensat } from './cases/utimensat.ts';
import { suite as xattr } from './cases/xattr.ts';
import type { Suite } from './run.ts';

export const SUITES: readonly Suite[] = [
  ...[mkdir, rmdir, unlink, mknod, symlink, link, rename, open, tmpfile],
  ...[chmod, chown, utimensat, access, truncate, stat, statx, statfs, names, acl],
  ...[
    concurrency,
    readWrite,
    allocate,
    copyFileRange,
    mmap,
    sync,
    readdir,
    xattr,
    locks,
    sticky,
    setId,
    execute,
    flags,
  ],
];
