/**
 * A conversation between kernel and driver, byte by byte.
 *
 * Each line is bytes in hexadecimal (`00*40` stands for 40 zero bytes), two spaces, and what they are: the
 * fields of the struct in order, a field without a number being 0. The kernel runs on a little-endian host.
 * The tree is the one of `test/support/memory-operations.ts` with its clock at 1700000000.123456789. Struct
 * layouts were taken from a C compiler reading `linux/fuse.h` (7.38), not from the driver.
 */

export interface Vector {
  readonly name: string;
  readonly request: string;
  /** Absent when no reply is due. */
  readonly reply?: string;
}

export const CONVERSATION: readonly Vector[] = [
  {
    // a kernel of 7.45 that offers everything
    name: 'INIT',
    request: `
      68000000 1a000000 0200000000000000   len 104, opcode 26, unique 2
      0000000000000000 e8030000 64000000   nodeid, uid 1000, gid 100
      2a000000 0000 0000 07000000          pid 42, total_extlen, padding, major 7
      2d000000 00000200 ffffff7f           minor 45, max_readahead 131072, flags 2147483647
      ff070000                             flags2 2047
      00*44                                unused
    `,
    reply: `
      50000000 00000000 0200000000000000   len 80, error, unique 2
      07000000 28000000 00001000           major 7, minor 40, max_readahead 1048576
      79e0c473 4000 3000 00001000          flags 1942282361, max_background 64, congestion_threshold 48, max_write 1048576
      01000000 0001 0000 9c000000          time_gran 1, max_pages 256, map_alignment, flags2 156
      00*28                                unused
    `,
  },
  {
    name: 'LOOKUP of an absent name',
    request: `
      2a000000 01000000 0400000000000000   len 42, opcode 1, unique 4
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 6100              pid 42, total_extlen, padding, 'a\\0'
    `,
    reply: `
      90000000 00000000 0400000000000000   len 144, error, unique 4
      0000000000000000 0000000000000000    nodeid, generation
      ffffffff00000000 0000000000000000    entry_valid 4294967295, attr_valid
      00000000 00000000 0000000000000000   entry_valid_nsec, attr_valid_nsec, ino
      0000000000000000 0000000000000000    size, blocks
      0000000000000000 0000000000000000    atime, mtime
      0000000000000000 00000000 00000000   ctime, atimensec, mtimensec
      00000000 00000000 00000000           ctimensec, mode, nlink
      00000000 00000000 00000000           uid, gid, rdev
      00000000 00000000                    blksize, flags
    `,
  },
  {
    // O_RDWR | O_CREAT
    name: 'CREATE',
    request: `
      3a000000 23000000 0600000000000000   len 58, opcode 35, unique 6
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 42000000          pid 42, total_extlen, padding, flags 66
      a4810000 12000000 00000000 6100      mode 33188, umask 18, open_flags, 'a\\0'
    `,
    reply: `
      a0000000 00000000 0600000000000000   len 160, error, unique 6
      0200000000000000 0000000000000000    nodeid 2, generation
      ffffffff00000000 ffffffff00000000    entry_valid 4294967295, attr_valid 4294967295
      00000000 00000000 0200000000000000   entry_valid_nsec, attr_valid_nsec, ino 2
      0000000000000000 0000000000000000    size, blocks
      00f1536500000000 00f1536500000000    atime 1700000000, mtime 1700000000
      00f1536500000000 15cd5b07 15cd5b07   ctime 1700000000, atimensec 123456789, mtimensec 123456789
      15cd5b07 a4810000 01000000           ctimensec 123456789, mode 33188, nlink 1
      e8030000 64000000 00000000           uid 1000, gid 100, rdev
      00100000 00000000 0000000000000000   blksize 4096, flags, fh
      22000000 00000000                    open_flags 34, padding
    `,
  },
  {
    // EEXIST
    name: 'CREATE with O_EXCL of an existing name',
    request: `
      3a000000 23000000 0800000000000000   len 58, opcode 35, unique 8
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 c2000000          pid 42, total_extlen, padding, flags 194
      a4810000 12000000 00000000 6100      mode 33188, umask 18, open_flags, 'a\\0'
    `,
    reply: `
      10000000 efffffff 0800000000000000   len 16, error -17, unique 8
    `,
  },
  {
    name: 'WRITE',
    request: `
      55000000 10000000 0a00000000000000   len 85, opcode 16, unique 10
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh, offset
      05000000 00000000 0000000000000000   size 5, write_flags, lock_owner
      00000000 00000000 68656c6c6f         flags, padding, 'hello'
    `,
    reply: `
      18000000 00000000 0a00000000000000   len 24, error, unique 10
      05000000 00000000                    size 5, padding
    `,
  },
  {
    name: 'LOOKUP',
    request: `
      2a000000 01000000 0c00000000000000   len 42, opcode 1, unique 12
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 6100              pid 42, total_extlen, padding, 'a\\0'
    `,
    reply: `
      90000000 00000000 0c00000000000000   len 144, error, unique 12
      0200000000000000 0000000000000000    nodeid 2, generation
      ffffffff00000000 ffffffff00000000    entry_valid 4294967295, attr_valid 4294967295
      00000000 00000000 0200000000000000   entry_valid_nsec, attr_valid_nsec, ino 2
      0500000000000000 0100000000000000    size 5, blocks 1
      00f1536500000000 00f1536500000000    atime 1700000000, mtime 1700000000
      00f1536500000000 15cd5b07 15cd5b07   ctime 1700000000, atimensec 123456789, mtimensec 123456789
      15cd5b07 a4810000 01000000           ctimensec 123456789, mode 33188, nlink 1
      e8030000 64000000 00000000           uid 1000, gid 100, rdev
      00100000 00000000                    blksize 4096, flags
    `,
  },
  {
    name: 'GETATTR',
    request: `
      38000000 03000000 0e00000000000000   len 56, opcode 3, unique 14
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 00000000          pid 42, total_extlen, padding, getattr_flags
      00000000 0000000000000000            dummy, fh
    `,
    reply: `
      78000000 00000000 0e00000000000000   len 120, error, unique 14
      ffffffff00000000 00000000 00000000   attr_valid 4294967295, attr_valid_nsec, dummy
      0200000000000000 0500000000000000    ino 2, size 5
      0100000000000000 00f1536500000000    blocks 1, atime 1700000000
      00f1536500000000 00f1536500000000    mtime 1700000000, ctime 1700000000
      15cd5b07 15cd5b07 15cd5b07           atimensec 123456789, mtimensec 123456789, ctimensec 123456789
      a4810000 01000000 e8030000           mode 33188, nlink 1, uid 1000
      64000000 00000000 00100000           gid 100, rdev, blksize 4096
      00000000                             flags
    `,
  },
  {
    // a time before 1970
    name: 'SETATTR',
    request: `
      80000000 04000000 1000000000000000   len 128, opcode 4, unique 16
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 3f000000          pid 42, total_extlen, padding, valid 63
      00000000 0000000000000000            padding, fh
      0400000000000000 0000000000000000    size 4, lock_owner
      0600000000000000 ffffffffffffffff    atime 6, mtime -1
      0000000000000000 07000000 05000000   ctime, atimensec 7, mtimensec 5
      00000000 80810000 00000000           ctimensec, mode 33152, unused4
      07000000 08000000 00000000           uid 7, gid 8, unused5
    `,
    reply: `
      78000000 00000000 1000000000000000   len 120, error, unique 16
      ffffffff00000000 00000000 00000000   attr_valid 4294967295, attr_valid_nsec, dummy
      0200000000000000 0400000000000000    ino 2, size 4
      0100000000000000 0600000000000000    blocks 1, atime 6
      ffffffffffffffff 00f1536500000000    mtime -1, ctime 1700000000
      07000000 05000000 15cd5b07           atimensec 7, mtimensec 5, ctimensec 123456789
      80810000 01000000 07000000           mode 33152, nlink 1, uid 7
      08000000 00000000 00100000           gid 8, rdev, blksize 4096
      00000000                             flags
    `,
  },
  {
    name: 'SETATTR to the present time',
    request: `
      80000000 04000000 1200000000000000   len 128, opcode 4, unique 18
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 b0010000          pid 42, total_extlen, padding, valid 432
      00000000 0000000000000000            padding, fh
      0000000000000000 0000000000000000    size, lock_owner
      0100000000000000 0100000000000000    atime 1, mtime 1
      0000000000000000 00000000 00000000   ctime, atimensec, mtimensec
      00000000 00000000 00000000           ctimensec, mode, unused4
      00000000 00000000 00000000           uid, gid, unused5
    `,
    reply: `
      78000000 00000000 1200000000000000   len 120, error, unique 18
      ffffffff00000000 00000000 00000000   attr_valid 4294967295, attr_valid_nsec, dummy
      0200000000000000 0400000000000000    ino 2, size 4
      0100000000000000 00f1536500000000    blocks 1, atime 1700000000
      00f1536500000000 00f1536500000000    mtime 1700000000, ctime 1700000000
      15cd5b07 15cd5b07 15cd5b07           atimensec 123456789, mtimensec 123456789, ctimensec 123456789
      80810000 01000000 07000000           mode 33152, nlink 1, uid 7
      08000000 00000000 00100000           gid 8, rdev, blksize 4096
      00000000                             flags
    `,
  },
  {
    // O_LARGEFILE
    name: 'OPEN',
    request: `
      30000000 0e000000 1400000000000000   len 48, opcode 14, unique 20
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 00800000          pid 42, total_extlen, padding, flags 32768
      00000000                             open_flags
    `,
    reply: `
      20000000 00000000 1400000000000000   len 32, error, unique 20
      0000000000000000 22000000 00000000   fh, open_flags 34, padding
    `,
  },
  {
    name: 'READ',
    request: `
      50000000 0f000000 1600000000000000   len 80, opcode 15, unique 22
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0100000000000000    fh, offset 1
      00100000 00000000 0000000000000000   size 4096, read_flags, lock_owner
      00000000 00000000                    flags, padding
    `,
    reply: `
      13000000 00000000 1600000000000000   len 19, error, unique 22
      656c6c                               'ell'
    `,
  },
  {
    name: 'READ past the end',
    request: `
      50000000 0f000000 1800000000000000   len 80, opcode 15, unique 24
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000080    fh, offset 9223372036854775808
      00100000 00000000 0000000000000000   size 4096, read_flags, lock_owner
      00000000 00000000                    flags, padding
    `,
    reply: `
      10000000 00000000 1800000000000000   len 16, error, unique 24
    `,
  },
  {
    name: 'FLUSH',
    request: `
      40000000 19000000 1a00000000000000   len 64, opcode 25, unique 26
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 00000000 00000000   fh, unused, padding
      8877665544332211                     lock_owner 1234605616436508552
    `,
    reply: `
      10000000 00000000 1a00000000000000   len 16, error, unique 26
    `,
  },
  {
    name: 'FSYNC',
    request: `
      38000000 14000000 1c00000000000000   len 56, opcode 20, unique 28
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 01000000 00000000   fh, fsync_flags 1, padding
    `,
    reply: `
      10000000 00000000 1c00000000000000   len 16, error, unique 28
    `,
  },
  {
    name: 'RELEASE',
    request: `
      40000000 12000000 1e00000000000000   len 64, opcode 18, unique 30
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 00800000 00000000   fh, flags 32768, release_flags
      0000000000000000                     lock_owner
    `,
    reply: `
      10000000 00000000 1e00000000000000   len 16, error, unique 30
    `,
  },
  {
    name: 'MKDIR',
    request: `
      32000000 09000000 2000000000000000   len 50, opcode 9, unique 32
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 ed010000          pid 42, total_extlen, padding, mode 493
      12000000 6400                        umask 18, 'd\\0'
    `,
    reply: `
      90000000 00000000 2000000000000000   len 144, error, unique 32
      0300000000000000 0000000000000000    nodeid 3, generation
      ffffffff00000000 ffffffff00000000    entry_valid 4294967295, attr_valid 4294967295
      00000000 00000000 0300000000000000   entry_valid_nsec, attr_valid_nsec, ino 3
      0000000000000000 0000000000000000    size, blocks
      00f1536500000000 00f1536500000000    atime 1700000000, mtime 1700000000
      00f1536500000000 15cd5b07 15cd5b07   ctime 1700000000, atimensec 123456789, mtimensec 123456789
      15cd5b07 ed410000 02000000           ctimensec 123456789, mode 16877, nlink 2
      e8030000 64000000 00000000           uid 1000, gid 100, rdev
      00100000 00000000                    blksize 4096, flags
    `,
  },
  {
    name: 'FSYNCDIR',
    request: `
      38000000 1e000000 2200000000000000   len 56, opcode 30, unique 34
      0300000000000000 e8030000 64000000   nodeid 3, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 00000000 00000000   fh, fsync_flags, padding
    `,
    reply: `
      10000000 00000000 2200000000000000   len 16, error, unique 34
    `,
  },
  {
    name: 'MKNOD of a character device',
    request: `
      3c000000 08000000 2400000000000000   len 60, opcode 8, unique 36
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 80210000          pid 42, total_extlen, padding, mode 8576
      01050000 12000000 00000000           rdev 1281, umask 18, padding
      74747900                             'tty\\0'
    `,
    reply: `
      90000000 00000000 2400000000000000   len 144, error, unique 36
      0400000000000000 0000000000000000    nodeid 4, generation
      ffffffff00000000 ffffffff00000000    entry_valid 4294967295, attr_valid 4294967295
      00000000 00000000 0400000000000000   entry_valid_nsec, attr_valid_nsec, ino 4
      0000000000000000 0000000000000000    size, blocks
      00f1536500000000 00f1536500000000    atime 1700000000, mtime 1700000000
      00f1536500000000 15cd5b07 15cd5b07   ctime 1700000000, atimensec 123456789, mtimensec 123456789
      15cd5b07 80210000 01000000           ctimensec 123456789, mode 8576, nlink 1
      e8030000 64000000 01050000           uid 1000, gid 100, rdev 1281
      00100000 00000000                    blksize 4096, flags
    `,
  },
  {
    name: 'SYMLINK',
    request: `
      2c000000 06000000 2600000000000000   len 44, opcode 6, unique 38
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 7300 6100         pid 42, total_extlen, padding, 's\\0', 'a\\0'
    `,
    reply: `
      90000000 00000000 2600000000000000   len 144, error, unique 38
      0500000000000000 0000000000000000    nodeid 5, generation
      ffffffff00000000 ffffffff00000000    entry_valid 4294967295, attr_valid 4294967295
      00000000 00000000 0500000000000000   entry_valid_nsec, attr_valid_nsec, ino 5
      0100000000000000 0000000000000000    size 1, blocks
      00f1536500000000 00f1536500000000    atime 1700000000, mtime 1700000000
      00f1536500000000 15cd5b07 15cd5b07   ctime 1700000000, atimensec 123456789, mtimensec 123456789
      15cd5b07 ffa10000 01000000           ctimensec 123456789, mode 41471, nlink 1
      e8030000 64000000 00000000           uid 1000, gid 100, rdev
      00100000 00000000                    blksize 4096, flags
    `,
  },
  {
    name: 'READLINK',
    request: `
      28000000 05000000 2800000000000000   len 40, opcode 5, unique 40
      0500000000000000 e8030000 64000000   nodeid 5, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
    `,
    reply: `
      11000000 00000000 2800000000000000   len 17, error, unique 40
      61                                   'a'
    `,
  },
  {
    name: 'LINK',
    request: `
      32000000 0d000000 2a00000000000000   len 50, opcode 13, unique 42
      0300000000000000 e8030000 64000000   nodeid 3, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0200000000000000 6200                oldnodeid 2, 'b\\0'
    `,
    reply: `
      90000000 00000000 2a00000000000000   len 144, error, unique 42
      0200000000000000 0000000000000000    nodeid 2, generation
      ffffffff00000000 ffffffff00000000    entry_valid 4294967295, attr_valid 4294967295
      00000000 00000000 0200000000000000   entry_valid_nsec, attr_valid_nsec, ino 2
      0400000000000000 0100000000000000    size 4, blocks 1
      00f1536500000000 00f1536500000000    atime 1700000000, mtime 1700000000
      00f1536500000000 15cd5b07 15cd5b07   ctime 1700000000, atimensec 123456789, mtimensec 123456789
      15cd5b07 80810000 02000000           ctimensec 123456789, mode 33152, nlink 2
      07000000 08000000 00000000           uid 7, gid 8, rdev
      00100000 00000000                    blksize 4096, flags
    `,
  },
  {
    // to a name that is not UTF-8
    name: 'RENAME',
    request: `
      35000000 0c000000 2c00000000000000   len 53, opcode 12, unique 44
      0300000000000000 e8030000 64000000   nodeid 3, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0100000000000000 6200 63ff00         newdir 1, 'b\\0', 'c\\xff\\0'
    `,
    reply: `
      10000000 00000000 2c00000000000000   len 16, error, unique 44
    `,
  },
  {
    // EEXIST
    name: 'RENAME2 with NOREPLACE',
    request: `
      3c000000 2d000000 2e00000000000000   len 60, opcode 45, unique 46
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0100000000000000 01000000 00000000   newdir 1, flags 1, padding
      6100 7300                            'a\\0', 's\\0'
    `,
    reply: `
      10000000 efffffff 2e00000000000000   len 16, error -17, unique 46
    `,
  },
  {
    // ENOENT
    name: 'RENAME2 with EXCHANGE',
    request: `
      3c000000 2d000000 3000000000000000   len 60, opcode 45, unique 48
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0300000000000000 02000000 00000000   newdir 3, flags 2, padding
      6100 7800                            'a\\0', 'x\\0'
    `,
    reply: `
      10000000 feffffff 3000000000000000   len 16, error -2, unique 48
    `,
  },
  {
    // EINVAL
    name: 'RENAME2 with WHITEOUT and EXCHANGE',
    request: `
      3c000000 2d000000 3200000000000000   len 60, opcode 45, unique 50
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0100000000000000 06000000 00000000   newdir 1, flags 6, padding
      6100 7a00                            'a\\0', 'z\\0'
    `,
    reply: `
      10000000 eaffffff 3200000000000000   len 16, error -22, unique 50
    `,
  },
  {
    // XATTR_CREATE, in the form of SETXATTR_EXT
    name: 'SETXATTR',
    request: `
      41000000 15000000 3400000000000000   len 65, opcode 21, unique 52
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 02000000          pid 42, total_extlen, padding, size 2
      01000000 00000000 00000000           flags 1, setxattr_flags, padding
      757365722e6b00 7600                  'user.k\\0', 'v\\0'
    `,
    reply: `
      10000000 00000000 3400000000000000   len 16, error, unique 52
    `,
  },
  {
    name: 'GETXATTR asking for the size',
    request: `
      37000000 16000000 3600000000000000   len 55, opcode 22, unique 54
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 00000000          pid 42, total_extlen, padding, size
      00000000 757365722e6b00              padding, 'user.k\\0'
    `,
    reply: `
      18000000 00000000 3600000000000000   len 24, error, unique 54
      02000000 00000000                    size 2, padding
    `,
  },
  {
    name: 'GETXATTR',
    request: `
      37000000 16000000 3800000000000000   len 55, opcode 22, unique 56
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 40000000          pid 42, total_extlen, padding, size 64
      00000000 757365722e6b00              padding, 'user.k\\0'
    `,
    reply: `
      12000000 00000000 3800000000000000   len 18, error, unique 56
      7600                                 'v\\0'
    `,
  },
  {
    // ERANGE
    name: 'GETXATTR into too little room',
    request: `
      37000000 16000000 3a00000000000000   len 55, opcode 22, unique 58
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 01000000          pid 42, total_extlen, padding, size 1
      00000000 757365722e6b00              padding, 'user.k\\0'
    `,
    reply: `
      10000000 deffffff 3a00000000000000   len 16, error -34, unique 58
    `,
  },
  {
    // ENODATA
    name: 'GETXATTR of an absent attribute',
    request: `
      38000000 16000000 3c00000000000000   len 56, opcode 22, unique 60
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 40000000          pid 42, total_extlen, padding, size 64
      00000000 757365722e6e6f00            padding, 'user.no\\0'
    `,
    reply: `
      10000000 c3ffffff 3c00000000000000   len 16, error -61, unique 60
    `,
  },
  {
    name: 'LISTXATTR asking for the size',
    request: `
      30000000 17000000 3e00000000000000   len 48, opcode 23, unique 62
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 00000000          pid 42, total_extlen, padding, size
      00000000                             padding
    `,
    reply: `
      18000000 00000000 3e00000000000000   len 24, error, unique 62
      07000000 00000000                    size 7, padding
    `,
  },
  {
    name: 'LISTXATTR',
    request: `
      30000000 17000000 4000000000000000   len 48, opcode 23, unique 64
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 07000000          pid 42, total_extlen, padding, size 7
      00000000                             padding
    `,
    reply: `
      17000000 00000000 4000000000000000   len 23, error, unique 64
      757365722e6b00                       'user.k\\0'
    `,
  },
  {
    // ERANGE
    name: 'LISTXATTR into too little room',
    request: `
      30000000 17000000 4200000000000000   len 48, opcode 23, unique 66
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 06000000          pid 42, total_extlen, padding, size 6
      00000000                             padding
    `,
    reply: `
      10000000 deffffff 4200000000000000   len 16, error -34, unique 66
    `,
  },
  {
    name: 'REMOVEXATTR',
    request: `
      2f000000 18000000 4400000000000000   len 47, opcode 24, unique 68
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 757365722e6b00    pid 42, total_extlen, padding, 'user.k\\0'
    `,
    reply: `
      10000000 00000000 4400000000000000   len 16, error, unique 68
    `,
  },
  {
    name: 'STATFS',
    request: `
      28000000 11000000 4600000000000000   len 40, opcode 17, unique 70
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
    `,
    reply: `
      60000000 00000000 4600000000000000   len 96, error, unique 70
      0000001000000000 0000000800000000    blocks 268435456, bfree 134217728
      0000000800000000 0500000000000000    bavail 134217728, files 5
      0000000001000000 00100000 ff000000   ffree 4294967296, bsize 4096, namelen 255
      00100000 00000000                    frsize 4096, padding
      00*24                                spare
    `,
  },
  {
    // ENOSYS: directories need no opening
    name: 'OPENDIR',
    request: `
      30000000 1b000000 4800000000000000   len 48, opcode 27, unique 72
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 00000000          pid 42, total_extlen, padding, flags
      00000000                             open_flags
    `,
    reply: `
      10000000 daffffff 4800000000000000   len 16, error -38, unique 72
    `,
  },
  {
    name: 'RELEASEDIR',
    request: `
      40000000 1d000000 4a00000000000000   len 64, opcode 29, unique 74
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 00000000 00000000   fh, flags, release_flags
      0000000000000000                     lock_owner
    `,
    reply: `
      10000000 00000000 4a00000000000000   len 16, error, unique 74
    `,
  },
  {
    name: 'READDIR',
    request: `
      50000000 1c000000 4c00000000000000   len 80, opcode 28, unique 76
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh, offset
      00100000 00000000 0000000000000000   size 4096, read_flags, lock_owner
      00000000 00000000                    flags, padding
    `,
    reply: `
      f0000000 00000000 4c00000000000000   len 240, error, unique 76
      0100000000000000 0100000000000000    ino 1, off 1
      01000000 04000000 2e                 namelen 1, type 4, '.'
      00000000000000 0100000000000000      padding, ino 1
      0200000000000000 02000000 04000000   off 2, namelen 2, type 4
      2e2e 000000000000 0200000000000000   '..', padding, ino 2
      1000000000000000 01000000 08000000   off 16, namelen 1, type 8
      61 00000000000000 0300000000000000   'a', padding, ino 3
      1100000000000000 01000000 04000000   off 17, namelen 1, type 4
      64 00000000000000 0400000000000000   'd', padding, ino 4
      1200000000000000 03000000 02000000   off 18, namelen 3, type 2
      747479 0000000000 0500000000000000   'tty', padding, ino 5
      1300000000000000 01000000 0a000000   off 19, namelen 1, type 10
      73 00000000000000 0200000000000000   's', padding, ino 2
      1500000000000000 02000000 08000000   off 21, namelen 2, type 8
      63ff 000000000000                    'c\\xff', padding
    `,
  },
  {
    name: 'READDIR after a cookie',
    request: `
      50000000 1c000000 4e00000000000000   len 80, opcode 28, unique 78
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 1300000000000000    fh, offset 19
      00100000 00000000 0000000000000000   size 4096, read_flags, lock_owner
      00000000 00000000                    flags, padding
    `,
    reply: `
      30000000 00000000 4e00000000000000   len 48, error, unique 78
      0200000000000000 1500000000000000    ino 2, off 21
      02000000 08000000 63ff               namelen 2, type 8, 'c\\xff'
      000000000000                         padding
    `,
  },
  {
    name: 'READDIR at the end',
    request: `
      50000000 1c000000 5000000000000000   len 80, opcode 28, unique 80
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 1500000000000000    fh, offset 21
      00100000 00000000 0000000000000000   size 4096, read_flags, lock_owner
      00000000 00000000                    flags, padding
    `,
    reply: `
      10000000 00000000 5000000000000000   len 16, error, unique 80
    `,
  },
  {
    // the dots never have attributes
    name: 'READDIRPLUS',
    request: `
      50000000 2c000000 5200000000000000   len 80, opcode 44, unique 82
      0300000000000000 e8030000 64000000   nodeid 3, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh, offset
      00100000 00000000 0000000000000000   size 4096, read_flags, lock_owner
      00000000 00000000                    flags, padding
    `,
    reply: `
      50010000 00000000 5200000000000000   len 336, error, unique 82
      0000000000000000 0000000000000000    nodeid, generation
      0000000000000000 0000000000000000    entry_valid, attr_valid
      00000000 00000000 0000000000000000   entry_valid_nsec, attr_valid_nsec, ino
      0000000000000000 0000000000000000    size, blocks
      0000000000000000 0000000000000000    atime, mtime
      0000000000000000 00000000 00000000   ctime, atimensec, mtimensec
      00000000 00000000 00000000           ctimensec, mode, nlink
      00000000 00000000 00000000           uid, gid, rdev
      00000000 00000000 0300000000000000   blksize, flags, ino 3
      0100000000000000 01000000 04000000   off 1, namelen 1, type 4
      2e 00000000000000 0000000000000000   '.', padding, nodeid
      0000000000000000 0000000000000000    generation, entry_valid
      0000000000000000 00000000 00000000   attr_valid, entry_valid_nsec, attr_valid_nsec
      0000000000000000 0000000000000000    ino, size
      0000000000000000 0000000000000000    blocks, atime
      0000000000000000 0000000000000000    mtime, ctime
      00000000 00000000 00000000           atimensec, mtimensec, ctimensec
      00000000 00000000 00000000           mode, nlink, uid
      00000000 00000000 00000000           gid, rdev, blksize
      00000000 0100000000000000            flags, ino 1
      0200000000000000 02000000 04000000   off 2, namelen 2, type 4
      2e2e 000000000000                    '..', padding
    `,
  },
  {
    name: 'READDIRPLUS after a cookie',
    request: `
      50000000 2c000000 5400000000000000   len 80, opcode 44, unique 84
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 1300000000000000    fh, offset 19
      a0000000 00000000 0000000000000000   size 160, read_flags, lock_owner
      00000000 00000000                    flags, padding
    `,
    reply: `
      b0000000 00000000 5400000000000000   len 176, error, unique 84
      0200000000000000 0000000000000000    nodeid 2, generation
      ffffffff00000000 ffffffff00000000    entry_valid 4294967295, attr_valid 4294967295
      00000000 00000000 0200000000000000   entry_valid_nsec, attr_valid_nsec, ino 2
      0400000000000000 0100000000000000    size 4, blocks 1
      00f1536500000000 00f1536500000000    atime 1700000000, mtime 1700000000
      00f1536500000000 15cd5b07 15cd5b07   ctime 1700000000, atimensec 123456789, mtimensec 123456789
      15cd5b07 80810000 02000000           ctimensec 123456789, mode 33152, nlink 2
      07000000 08000000 00000000           uid 7, gid 8, rdev
      00100000 00000000 0200000000000000   blksize 4096, flags, ino 2
      1500000000000000 02000000 08000000   off 21, namelen 2, type 8
      63ff 000000000000                    'c\\xff', padding
    `,
  },
  {
    // ENOTDIR
    name: 'RMDIR of a file',
    request: `
      2a000000 0b000000 5600000000000000   len 42, opcode 11, unique 86
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 6100              pid 42, total_extlen, padding, 'a\\0'
    `,
    reply: `
      10000000 ecffffff 5600000000000000   len 16, error -20, unique 86
    `,
  },
  {
    name: 'RMDIR',
    request: `
      2a000000 0b000000 5800000000000000   len 42, opcode 11, unique 88
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 6400              pid 42, total_extlen, padding, 'd\\0'
    `,
    reply: `
      10000000 00000000 5800000000000000   len 16, error, unique 88
    `,
  },
  {
    name: 'FALLOCATE',
    request: `
      48000000 2b000000 c800000000000000   len 72, opcode 43, unique 200
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh, offset
      1000000000000000 00000000 00000000   length 16, mode, padding
    `,
    reply: `
      10000000 00000000 c800000000000000   len 16, error, unique 200
    `,
  },
  {
    // EOPNOTSUPP: COLLAPSE_RANGE with KEEP_SIZE
    name: 'FALLOCATE of an unknown mode',
    request: `
      48000000 2b000000 ca00000000000000   len 72, opcode 43, unique 202
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh, offset
      1000000000000000 09000000 00000000   length 16, mode 9, padding
    `,
    reply: `
      10000000 a1ffffff ca00000000000000   len 16, error -95, unique 202
    `,
  },
  {
    // EFBIG
    name: 'FALLOCATE past the limit',
    request: `
      48000000 2b000000 cc00000000000000   len 72, opcode 43, unique 204
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 ffffffffffff1f00    fh, offset 9007199254740991
      0100000000000000 00000000 00000000   length 1, mode, padding
    `,
    reply: `
      10000000 e5ffffff cc00000000000000   len 16, error -27, unique 204
    `,
  },
  {
    // SEEK_HOLE
    name: 'LSEEK',
    request: `
      40000000 2e000000 ce00000000000000   len 64, opcode 46, unique 206
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh, offset
      04000000 00000000                    whence 4, padding
    `,
    reply: `
      18000000 00000000 ce00000000000000   len 24, error, unique 206
      1000000000000000                     offset 16
    `,
  },
  {
    // SEEK_DATA: ENXIO
    name: 'LSEEK past the last byte',
    request: `
      40000000 2e000000 d000000000000000   len 64, opcode 46, unique 208
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 1000000000000000    fh, offset 16
      03000000 00000000                    whence 3, padding
    `,
    reply: `
      10000000 faffffff d000000000000000   len 16, error -6, unique 208
    `,
  },
  {
    name: 'COPY_FILE_RANGE',
    request: `
      60000000 2f000000 d200000000000000   len 96, opcode 47, unique 210
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh_in, off_in
      0200000000000000 0000000000000000    nodeid_out 2, fh_out
      6400000000000000 0500000000000000    off_out 100, len 5
      0000000000000000                     flags
    `,
    reply: `
      18000000 00000000 d200000000000000   len 24, error, unique 210
      05000000 00000000                    size 5, padding
    `,
  },
  {
    name: 'COPY_FILE_RANGE_64',
    request: `
      60000000 35000000 d400000000000000   len 96, opcode 53, unique 212
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh_in, off_in
      0200000000000000 0000000000000000    nodeid_out 2, fh_out
      c800000000000000 0000000000010000    off_out 200, len 1099511627776
      0000000000000000                     flags
    `,
    reply: `
      18000000 00000000 d400000000000000   len 24, error, unique 212
      6900000000000000                     bytes_copied 105
    `,
  },
  {
    // EINVAL
    name: 'COPY_FILE_RANGE onto a part of itself',
    request: `
      60000000 2f000000 d600000000000000   len 96, opcode 47, unique 214
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 0000000000000000    fh_in, off_in
      0200000000000000 0000000000000000    nodeid_out 2, fh_out
      0100000000000000 0500000000000000    off_out 1, len 5
      0000000000000000                     flags
    `,
    reply: `
      10000000 eaffffff d600000000000000   len 16, error -22, unique 214
    `,
  },
  {
    name: 'UNLINK',
    request: `
      2a000000 0a000000 5a00000000000000   len 42, opcode 10, unique 90
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 6100              pid 42, total_extlen, padding, 'a\\0'
    `,
    reply: `
      10000000 00000000 5a00000000000000   len 16, error, unique 90
    `,
  },
  {
    // ENOENT
    name: 'UNLINK of an absent name',
    request: `
      2a000000 0a000000 5c00000000000000   len 42, opcode 10, unique 92
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000 6100              pid 42, total_extlen, padding, 'a\\0'
    `,
    reply: `
      10000000 feffffff 5c00000000000000   len 16, error -2, unique 92
    `,
  },
  {
    name: 'FORGET',
    request: `
      30000000 02000000 5e00000000000000   len 48, opcode 2, unique 94
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0200000000000000                     nlookup 2
    `,
  },
  {
    name: 'BATCH_FORGET',
    request: `
      50000000 2a000000 6000000000000000   len 80, opcode 42, unique 96
      0000000000000000 e8030000 64000000   nodeid, uid 1000, gid 100
      2a000000 0000 0000 02000000          pid 42, total_extlen, padding, count 2
      00000000 0300000000000000            dummy, nodeid 3
      0100000000000000 0400000000000000    nlookup 1, nodeid 4
      0100000000000000                     nlookup 1
    `,
  },
  {
    // of a request that was answered
    name: 'INTERRUPT',
    request: `
      30000000 24000000 6200000000000000   len 48, opcode 36, unique 98
      0000000000000000 e8030000 64000000   nodeid, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      6300000000000000                     unique 99
    `,
  },
  {
    name: 'NOTIFY_REPLY',
    request: `
      50000000 29000000 6400000000000000   len 80, opcode 41, unique 100
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      00*40                                struct fuse_notify_retrieve_in
    `,
  },
  {
    // ENOSYS
    name: 'GETLK',
    request: `
      58000000 1f000000 6600000000000000   len 88, opcode 31, unique 102
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      00*48                                struct fuse_lk_in
    `,
    reply: `
      10000000 daffffff 6600000000000000   len 16, error -38, unique 102
    `,
  },
  {
    // ENOSYS
    name: 'SETLK',
    request: `
      58000000 20000000 6800000000000000   len 88, opcode 32, unique 104
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      00*48                                struct fuse_lk_in
    `,
    reply: `
      10000000 daffffff 6800000000000000   len 16, error -38, unique 104
    `,
  },
  {
    // ENOSYS
    name: 'SETLKW',
    request: `
      58000000 21000000 6a00000000000000   len 88, opcode 33, unique 106
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      00*48                                struct fuse_lk_in
    `,
    reply: `
      10000000 daffffff 6a00000000000000   len 16, error -38, unique 106
    `,
  },
  {
    // F_OK
    name: 'ACCESS',
    request: `
      30000000 22000000 6c00000000000000   len 48, opcode 34, unique 108
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000                     struct fuse_access_in
    `,
    reply: `
      10000000 00000000 6c00000000000000   len 16, error 0, unique 108
    `,
  },
  {
    // ENOSYS
    name: 'BMAP',
    request: `
      38000000 25000000 6e00000000000000   len 56, opcode 37, unique 110
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      00000000000000000000000000000000     struct fuse_bmap_in
    `,
    reply: `
      10000000 daffffff 6e00000000000000   len 16, error -38, unique 110
    `,
  },
  {
    // ENOSYS
    name: 'POLL',
    request: `
      40000000 28000000 7000000000000000   len 64, opcode 40, unique 112
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      00*24                                struct fuse_poll_in
    `,
    reply: `
      10000000 daffffff 7000000000000000   len 16, error -38, unique 112
    `,
  },
  {
    // ENOSYS
    name: 'SETUPMAPPING',
    request: `
      50000000 30000000 7800000000000000   len 80, opcode 48, unique 120
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      00*40                                struct fuse_setupmapping_in
    `,
    reply: `
      10000000 daffffff 7800000000000000   len 16, error -38, unique 120
    `,
  },
  {
    // ENOSYS
    name: 'REMOVEMAPPING',
    request: `
      2c000000 31000000 7a00000000000000   len 44, opcode 49, unique 122
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000 00000000          pid 42, total_extlen, padding, struct fuse_removemapping_in
    `,
    reply: `
      10000000 daffffff 7a00000000000000   len 16, error -38, unique 122
    `,
  },
  {
    name: 'SYNCFS',
    request: `
      30000000 32000000 7c00000000000000   len 48, opcode 50, unique 124
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000                     padding
    `,
    reply: `
      10000000 00000000 7c00000000000000   len 16, error, unique 124
    `,
  },
  {
    // FS_IOC_GETFLAGS
    name: 'IOCTL',
    request: `
      48000000 27000000 7e00000000000000   len 72, opcode 39, unique 126
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      0000000000000000 00000000 01660880   fh, flags, cmd 2148034049
      0000000000000000 00000000 04000000   arg, in_size, out_size 4
    `,
    reply: `
      24000000 00000000 7e00000000000000   len 36, error, unique 126
      00000000 00000000 00000000 00000000  result, flags, in_iovs, out_iovs
      00000000                             the flags
    `,
  },
  {
    // O_RDWR | O_TMPFILE; the caller is in the directory's group 7
    name: 'TMPFILE',
    request: `
      4a000000 33000000 8000000000000000   len 74, opcode 51, unique 128
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0200 0000                   pid 42, total_extlen 2, padding
      02004100 b6810000 12000000 00000000  flags 4259842, mode 33206, umask 18, open_flags
      2f00                                 '/\\0'
      10000000 20000000                    size 16, type 32
      01000000 07000000                    nr_groups 1, group 7
    `,
    reply: `
      a0000000 00000000 8000000000000000   len 160, error, unique 128
      0600000000000000 0000000000000000    nodeid 6, generation
      ffffffff00000000 ffffffff00000000    entry_valid 4294967295, attr_valid 4294967295
      00000000 00000000 0600000000000000   entry_valid_nsec, attr_valid_nsec, ino 6
      0000000000000000 0000000000000000    size, blocks
      00f1536500000000 00f1536500000000    atime 1700000000, mtime 1700000000
      00f1536500000000 15cd5b07 15cd5b07   ctime 1700000000, atimensec 123456789, mtimensec 123456789
      15cd5b07 a4810000 00000000           ctimensec 123456789, mode 33188, nlink
      e8030000 64000000 00000000           uid 1000, gid 100, rdev
      00100000 00000000 0000000000000000   blksize 4096, flags, fh
      22000000 00000000                    open_flags 34, padding
    `,
  },
  {
    // STATX_BASIC_STATS | STATX_BTIME
    name: 'STATX',
    request: `
      40000000 34000000 8200000000000000   len 64, opcode 52, unique 130
      0200000000000000 e8030000 64000000   nodeid 2, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
      00000000 00000000 0000000000000000   getattr_flags, reserved, fh
      00000000 ff0f0000                    sx_flags, sx_mask 4095
    `,
    reply: `
      30010000 00000000 8200000000000000   len 304, error, unique 130
      ffffffff00000000 00000000 00000000   attr_valid 4294967295, attr_valid_nsec, flags
      0000000000000000 0000000000000000    spare
      ff0f0000 00100000 0000000000000000   mask 4095, blksize 4096, attributes
      01000000 07000000 08000000 80810000  nlink 1, uid 7, gid 8, mode 33152 and spare
      0200000000000000 3101000000000000    ino 2, size 305
      0100000000000000 0000000000000000    blocks 1, attributes_mask
      00f1536500000000 15cd5b07 00000000   atime 1700000000, 123456789 ns
      00f1536500000000 15cd5b07 00000000   btime
      00f1536500000000 15cd5b07 00000000   ctime
      00f1536500000000 15cd5b07 00000000   mtime
      00000000 00000000 00000000 00000000  rdev_major, rdev_minor, dev_major, dev_minor
      00*112                               spare
    `,
  },
  {
    // ENOSYS
    name: 'an opcode that does not exist',
    request: `
      28000000 a00f0000 8600000000000000   len 40, opcode 4000, unique 134
      0100000000000000 e8030000 64000000   nodeid 1, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
    `,
    reply: `
      10000000 daffffff 8600000000000000   len 16, error -38, unique 134
    `,
  },
  {
    name: 'DESTROY',
    request: `
      28000000 26000000 8800000000000000   len 40, opcode 38, unique 136
      0000000000000000 e8030000 64000000   nodeid, uid 1000, gid 100
      2a000000 0000 0000                   pid 42, total_extlen, padding
    `,
    reply: `
      10000000 00000000 8800000000000000   len 16, error, unique 136
    `,
  },
];

/** Notifications, by the name of what makes them in the test. */
export const NOTIFICATIONS: readonly Vector[] = [
  {
    name: 'attributes of inode 5',
    request: `
      28000000 02000000 0000000000000000   len 40, error 2, unique
      0500000000000000 ffffffffffffffff    ino 5, off -1
      0000000000000000                     len
    `,
  },
  {
    name: 'inode 5 from byte 4096 for 10 bytes',
    request: `
      28000000 02000000 0000000000000000   len 40, error 2, unique
      0500000000000000 0010000000000000    ino 5, off 4096
      0a00000000000000                     len 10
    `,
  },
  {
    name: 'inode 5 from byte 4096 to the end',
    request: `
      28000000 02000000 0000000000000000   len 40, error 2, unique
      0500000000000000 0010000000000000    ino 5, off 4096
      0000000000000000                     len
    `,
  },
  {
    name: 'entry "name" of directory 1',
    request: `
      25000000 03000000 0000000000000000   len 37, error 3, unique
      0100000000000000 04000000 00000000   parent 1, namelen 4, flags
      6e616d6500                           'name\\0'
    `,
  },
  {
    name: 'entry "name" of directory 1 expires',
    request: `
      25000000 03000000 0000000000000000   len 37, error 3, unique
      0100000000000000 04000000 01000000   parent 1, namelen 4, flags 1
      6e616d6500                           'name\\0'
    `,
  },
  {
    name: 'entry "name" of directory 1 deleted, inode 9',
    request: `
      2d000000 06000000 0000000000000000   len 45, error 6, unique
      0100000000000000 0900000000000000    parent 1, child 9
      04000000 00000000 6e616d6500         namelen 4, padding, 'name\\0'
    `,
  },
  {
    name: 'two bytes stored at 7 of inode 5',
    request: `
      2a000000 04000000 0000000000000000   len 42, error 4, unique
      0500000000000000 0700000000000000    nodeid 5, offset 7
      02000000 00000000 6869               size 2, padding, 'hi'
    `,
  },
];
