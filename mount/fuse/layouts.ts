/**
 * Struct layouts of the FUSE protocol, each described once (Linux `include/uapi/linux/fuse.h`).
 *
 * Integers are in the host's byte order and lie at multiples of their size; structs are padded to 8
 * bytes. So every field can be read through a Uint32Array over the message; `word` gives its index there,
 * counted from the struct's start, a u64 taking two. A request is `IN_HEADER`, the struct of its opcode,
 * then NUL-terminated names or data. A reply is `OUT_HEADER`, then the struct of its opcode or data.
 */

const FIELD_BYTES = { u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 } as const;
export type FieldType = keyof typeof FIELD_BYTES;

export interface Layout<Names extends string = string> {
  /** Bytes of the struct. */
  readonly bytes: number;
  readonly fields: readonly { readonly name: Names; readonly type: FieldType; readonly at: number }[];
  /** Index of each field in 32-bit words from the struct's start; a u16 shares its word. */
  readonly word: Readonly<Record<Names, number>>;
}

/** Lays fields out one after the other, as C does, without holes: padding is named like any field. */
function layout<Fields extends Record<string, FieldType>>(description: Fields): Layout<keyof Fields & string> {
  type Names = keyof Fields & string;
  const fields: { name: Names; type: FieldType; at: number }[] = [];
  const word = {} as Record<Names, number>;
  let at = 0;
  for (const [name, type] of Object.entries(description) as [Names, FieldType][]) {
    if (at % FIELD_BYTES[type] !== 0) throw new Error(`layout: "${name}" would not be aligned`);
    fields.push({ name, type, at });
    word[name] = at >> 2;
    at += FIELD_BYTES[type];
  }
  return { bytes: at, fields, word };
}

export const IN_HEADER = layout({
  len: 'u32',
  opcode: 'u32',
  unique: 'u64',
  nodeid: 'u64',
  uid: 'u32',
  gid: 'u32',
  pid: 'u32',
  /** Length of extensions at the message's end, in units of 8 bytes (since 7.38). */
  total_extlen: 'u16',
  padding: 'u16',
});
export const OUT_HEADER = layout({ len: 'u32', error: 'i32', unique: 'u64' });

export const ATTR = layout({
  ino: 'u64',
  size: 'u64',
  blocks: 'u64',
  atime: 'i64',
  mtime: 'i64',
  ctime: 'i64',
  atimensec: 'u32',
  mtimensec: 'u32',
  ctimensec: 'u32',
  mode: 'u32',
  nlink: 'u32',
  uid: 'u32',
  gid: 'u32',
  rdev: 'u32',
  blksize: 'u32',
  flags: 'u32',
});
/** Followed by ATTR. A nodeid of 0 is a negative entry, or in READDIRPLUS an entry without attributes. */
export const ENTRY_OUT = layout({
  nodeid: 'u64',
  generation: 'u64',
  entry_valid: 'u64',
  attr_valid: 'u64',
  entry_valid_nsec: 'u32',
  attr_valid_nsec: 'u32',
});
/** Followed by ATTR. */
export const ATTR_OUT = layout({ attr_valid: 'u64', attr_valid_nsec: 'u32', dummy: 'u32' });
export const OPEN_OUT = layout({ fh: 'u64', open_flags: 'u32', padding: 'u32' });
export const WRITE_OUT = layout({ size: 'u32', padding: 'u32' });
export const GETXATTR_OUT = layout({ size: 'u32', padding: 'u32' });
/** Followed by six reserved words. */
export const STATFS_OUT = layout({
  blocks: 'u64',
  bfree: 'u64',
  bavail: 'u64',
  files: 'u64',
  ffree: 'u64',
  bsize: 'u32',
  namelen: 'u32',
  frsize: 'u32',
  padding: 'u32',
  spare0: 'u32',
  spare1: 'u32',
  spare2: 'u32',
  spare3: 'u32',
  spare4: 'u32',
  spare5: 'u32',
});
/** Followed by the name, padded with zeros to a multiple of 8. */
export const DIRENT = layout({ ino: 'u64', off: 'u64', namelen: 'u32', type: 'u32' });

/** Kernels before 7.36 send the first four fields only. */
export const INIT_IN = layout({ major: 'u32', minor: 'u32', max_readahead: 'u32', flags: 'u32', flags2: 'u32' });
export const INIT_IN_BYTES_MIN = 16;
/** The rest, up to INIT_OUT_BYTES, is reserved. max_background and congestion_threshold share a word. */
export const INIT_OUT = layout({
  major: 'u32',
  minor: 'u32',
  max_readahead: 'u32',
  flags: 'u32',
  max_background: 'u16',
  congestion_threshold: 'u16',
  max_write: 'u32',
  time_gran: 'u32',
  max_pages: 'u16',
  map_alignment: 'u16',
  flags2: 'u32',
  max_stack_depth: 'u32',
});
export const INIT_OUT_BYTES = 64;

export const FORGET_IN = layout({ nlookup: 'u64' });
/** Followed by `count` times FORGET_ONE. */
export const BATCH_FORGET_IN = layout({ count: 'u32', dummy: 'u32' });
export const FORGET_ONE = layout({ nodeid: 'u64', nlookup: 'u64' });
export const GETATTR_IN = layout({ getattr_flags: 'u32', dummy: 'u32', fh: 'u64' });
export const SETATTR_IN = layout({
  valid: 'u32',
  padding: 'u32',
  fh: 'u64',
  size: 'u64',
  lock_owner: 'u64',
  atime: 'i64',
  mtime: 'i64',
  ctime: 'i64',
  atimensec: 'u32',
  mtimensec: 'u32',
  ctimensec: 'u32',
  mode: 'u32',
  unused4: 'u32',
  uid: 'u32',
  gid: 'u32',
  unused5: 'u32',
});
/** Followed by the name. */
export const MKNOD_IN = layout({ mode: 'u32', rdev: 'u32', umask: 'u32', padding: 'u32' });
/** Followed by the name. */
export const MKDIR_IN = layout({ mode: 'u32', umask: 'u32' });
/** Followed by the old and the new name. */
export const RENAME_IN = layout({ newdir: 'u64' });
/** Followed by the old and the new name. */
export const RENAME2_IN = layout({ newdir: 'u64', flags: 'u32', padding: 'u32' });
/** Followed by the new name; the header's nodeid is the new parent. */
export const LINK_IN = layout({ oldnodeid: 'u64' });
export const OPEN_IN = layout({ flags: 'u32', open_flags: 'u32' });
/** Followed by the name. */
export const CREATE_IN = layout({ flags: 'u32', mode: 'u32', umask: 'u32', open_flags: 'u32' });
/** READ, READDIR and READDIRPLUS. */
export const READ_IN = layout({
  fh: 'u64',
  offset: 'u64',
  size: 'u32',
  read_flags: 'u32',
  lock_owner: 'u64',
  flags: 'u32',
  padding: 'u32',
});
/** Followed by `size` bytes. */
export const WRITE_IN = layout({
  fh: 'u64',
  offset: 'u64',
  size: 'u32',
  write_flags: 'u32',
  lock_owner: 'u64',
  flags: 'u32',
  padding: 'u32',
});
export const RELEASE_IN = layout({ fh: 'u64', flags: 'u32', release_flags: 'u32', lock_owner: 'u64' });
export const FLUSH_IN = layout({ fh: 'u64', unused: 'u32', padding: 'u32', lock_owner: 'u64' });
export const FSYNC_IN = layout({ fh: 'u64', fsync_flags: 'u32', padding: 'u32' });
export const FALLOCATE_IN = layout({ fh: 'u64', offset: 'u64', length: 'u64', mode: 'u32', padding: 'u32' });
export const LSEEK_IN = layout({ fh: 'u64', offset: 'u64', whence: 'u32', padding: 'u32' });
export const LSEEK_OUT = layout({ offset: 'u64' });
/** COPY_FILE_RANGE, answered with WRITE_OUT, and COPY_FILE_RANGE_64; the header's nodeid is the source. */
export const COPY_FILE_RANGE_IN = layout({
  fh_in: 'u64',
  off_in: 'u64',
  nodeid_out: 'u64',
  fh_out: 'u64',
  off_out: 'u64',
  len: 'u64',
  flags: 'u64',
});
/** The answer to COPY_FILE_RANGE_64 (since 7.45). */
export const COPY_FILE_RANGE_OUT = layout({ bytes_copied: 'u64' });
/** Followed by the name, then `size` bytes. The form with SETXATTR_EXT; without it only the first two fields. */
export const SETXATTR_IN = layout({ size: 'u32', flags: 'u32', setxattr_flags: 'u32', padding: 'u32' });
export const SETXATTR_IN_BYTES_SHORT = 8;
/** GETXATTR (followed by the name) and LISTXATTR. */
export const GETXATTR_IN = layout({ size: 'u32', padding: 'u32' });
/** GETLK, SETLK, SETLKW. */
export const LK_IN = layout({
  fh: 'u64',
  owner: 'u64',
  start: 'u64',
  end: 'u64',
  type: 'u32',
  pid: 'u32',
  lk_flags: 'u32',
  padding: 'u32',
});
export const LK_OUT = layout({ start: 'u64', end: 'u64', type: 'u32', pid: 'u32' });
/** SYNCFS. */
export const SYNCFS_IN = layout({ padding: 'u64' });
/** Followed by `in_size` bytes. */
export const IOCTL_IN = layout({ fh: 'u64', flags: 'u32', cmd: 'u32', arg: 'u64', in_size: 'u32', out_size: 'u32' });
/** Followed by the answer's bytes. */
export const IOCTL_OUT = layout({ result: 'i32', flags: 'u32', in_iovs: 'u32', out_iovs: 'u32' });
export const STATX_IN = layout({ getattr_flags: 'u32', reserved: 'u32', fh: 'u64', sx_flags: 'u32', sx_mask: 'u32' });
/** Followed by STATX. */
export const STATX_OUT = layout({
  attr_valid: 'u64',
  attr_valid_nsec: 'u32',
  flags: 'u32',
  spare0: 'u64',
  spare1: 'u64',
});
/** Followed by fourteen reserved u64. */
export const STATX = layout({
  mask: 'u32',
  blksize: 'u32',
  attributes: 'u64',
  nlink: 'u32',
  uid: 'u32',
  gid: 'u32',
  mode: 'u16',
  spare_mode: 'u16',
  ino: 'u64',
  size: 'u64',
  blocks: 'u64',
  attributes_mask: 'u64',
  atime: 'i64',
  atimensec: 'u32',
  spare_atime: 'u32',
  btime: 'i64',
  btimensec: 'u32',
  spare_btime: 'u32',
  ctime: 'i64',
  ctimensec: 'u32',
  spare_ctime: 'u32',
  mtime: 'i64',
  mtimensec: 'u32',
  spare_mtime: 'u32',
  rdev_major: 'u32',
  rdev_minor: 'u32',
  dev_major: 'u32',
  dev_minor: 'u32',
});
/** An extension: its bytes, header included, padded to 8. */
export const EXT_HEADER = layout({ size: 'u32', type: 'u32' });
/** Followed by the groups, u32 each. */
export const SUPP_GROUPS = layout({ nr_groups: 'u32' });
export const ACCESS_IN = layout({ mask: 'u32', padding: 'u32' });
export const INTERRUPT_IN = layout({ unique: 'u64' });

/** len -1 and 0: to the end; off negative: attributes only. */
export const NOTIFY_INVAL_INODE_OUT = layout({ ino: 'u64', off: 'i64', len: 'i64' });
/** Followed by the name and a NUL that `namelen` does not count. */
export const NOTIFY_INVAL_ENTRY_OUT = layout({ parent: 'u64', namelen: 'u32', flags: 'u32' });
/** Followed by the name and a NUL that `namelen` does not count. */
export const NOTIFY_DELETE_OUT = layout({ parent: 'u64', child: 'u64', namelen: 'u32', padding: 'u32' });
/** Followed by `size` bytes. */
export const NOTIFY_STORE_OUT = layout({ nodeid: 'u64', offset: 'u64', size: 'u32', padding: 'u32' });

/** First byte, and first word, after the header of a request and of a reply. */
export const BODY = IN_HEADER.bytes;
export const BODY_WORD = IN_HEADER.bytes >> 2;
export const OUT = OUT_HEADER.bytes;
export const OUT_WORD = OUT_HEADER.bytes >> 2;
/** A whole entry and a whole attribute answer, without header. */
export const ENTRY_BYTES = ENTRY_OUT.bytes + ATTR.bytes;
export const ATTR_ANSWER_BYTES = ATTR_OUT.bytes + ATTR.bytes;
/** A whole STATX answer, without header. */
export const STATX_ANSWER_BYTES = 288;
