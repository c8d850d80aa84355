/**
 * All suites, in the order in which they run.
 */

import { suite as link } from './cases/link.ts';
import { suite as mkdir } from './cases/mkdir.ts';
import { suite as mknod } from './cases/mknod.ts';
import { suite as rmdir } from './cases/rmdir.ts';
import { suite as symlink } from './cases/symlink.ts';
import { suite as unlink } from './cases/unlink.ts';
import type { Suite } from './run.ts';

export const SUITES: readonly Suite[] = [mkdir, rmdir, unlink, mknod, symlink, link];
