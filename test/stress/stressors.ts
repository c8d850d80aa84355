/**
 * What is run: stress-ng's stressors of filesystems, fio with verification, dbench.
 */

/** A stressor of stress-ng and its options. Sizes are bounded: everything that is written stays in the log. */
export interface Stressor {
  readonly name: string;
  readonly options?: readonly string[];
  /** Also in the short form. */
  readonly short?: boolean;
  /** Why it skips itself on any FUSE mount. */
  readonly lacking?: string;
}

/** Groups; each gets a store of its own, which is verified afterwards. */
export const STRESSORS: readonly (readonly Stressor[])[] = [
  [
    { name: 'dentry', short: true },
    { name: 'dir' },
    { name: 'dirdeep', options: ['--dirdeep-inodes', '5000'] },
    { name: 'dirmany' },
    { name: 'filename' },
    { name: 'getdent' },
    { name: 'link' },
    { name: 'mknod' },
    { name: 'rename', short: true },
    { name: 'symlink' },
    { name: 'touch' },
    { name: 'chdir' },
    { name: 'open' },
  ],
  [
    { name: 'access' },
    { name: 'chattr' },
    { name: 'chmod' },
    { name: 'chown' },
    { name: 'fcntl' },
    { name: 'file-ioctl' },
    { name: 'fstat' },
    { name: 'handle' },
    { name: 'inode-flags' },
    { name: 'utime' },
    { name: 'verity' },
    { name: 'xattr', short: true },
    { name: 'dnotify' },
    { name: 'inotify' },
  ],
  [
    { name: 'flock' },
    { name: 'lease' },
    { name: 'locka' },
    { name: 'lockf', short: true },
    { name: 'lockofd' },
    { name: 'aio' },
    { name: 'io' },
    { name: 'seek', options: ['--seek-size', '16m'] },
    { name: 'fsize' },
  ],
  [
    { name: 'copy-file', options: ['--copy-file-bytes', '128m'] },
    { name: 'fallocate', options: ['--fallocate-bytes', '16m'], short: true },
    { name: 'fiemap', options: ['--fiemap-bytes', '16m'], lacking: 'fs/fuse has no fiemap operation' },
    { name: 'fpunch' },
    { name: 'hdd', options: ['--hdd-bytes', '16m'], short: true },
    { name: 'hdd', options: ['--hdd-bytes', '16m', '--hdd-opts', 'direct,rd-rnd,wr-rnd'] },
    { name: 'hdd', options: ['--hdd-bytes', '16m', '--hdd-opts', 'dsync,rd-seq,wr-seq'] },
    { name: 'iomix', options: ['--iomix-bytes', '16m'], short: true },
    { name: 'msync', options: ['--msync-bytes', '16m'] },
    { name: 'readahead', options: ['--readahead-bytes', '16m'] },
    { name: 'revio', options: ['--revio-bytes', '16m'] },
    { name: 'sendfile', options: ['--sendfile-size', '1m'] },
    { name: 'sync-file', options: ['--sync-file-bytes', '16m'] },
  ],
];

/** Two jobs that each write a file at random and read it back, over and over; a wrong byte ends them. */
const FIO = [
  ...['--numjobs=2', '--size=16m', '--loops=10000', '--rw=randwrite', '--verify=crc32c', '--verify_fatal=1'],
  ...['--verify_state_save=0', '--group_reporting', '--unlink=1', '--fallocate=none'],
];

/** Jobs of fio by name. */
export const FIO_JOBS: ReadonlyMap<string, readonly string[]> = new Map([
  ['buffered', [...FIO, '--ioengine=psync', '--bsrange=1k-64k', '--fsync=64']],
  ['direct', [...FIO, '--ioengine=libaio', '--iodepth=8', '--direct=1', '--bs=16k']],
  ['mmap', [...FIO, '--ioengine=mmap', '--bs=4k']],
]);

/** How long each part runs, in seconds. */
export interface Times {
  readonly hostSec: number;
  readonly stressorSec: number;
  readonly fioSec: number;
  readonly dbenchSec: number;
}

export const LONG: Times = { hostSec: 1, stressorSec: 3, fioSec: 15, dbenchSec: 30 };
export const SHORT: Times = { hostSec: 1, stressorSec: 1, fioSec: 2, dbenchSec: 2 };
