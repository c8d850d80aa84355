/**
 * Every limit in one place, with the relations between them asserted when the module loads.
 */
import { invariant } from './errors.ts';

/** Longest name of a slot, in bytes. As on every Linux filesystem. */
export const NAME_BYTES_MAX = 255;
/** Longest symlink target, in bytes (PATH_MAX less the closing NUL). */
export const SYMLINK_BYTES_MAX = 4095;
/** Largest file, in bytes (8 PiB less one): what a JavaScript number holds exactly. */
export const FILE_BYTES_MAX = Number.MAX_SAFE_INTEGER;
/** Most slots that may refer to one node. */
export const LINKS_MAX = 65_000;
/** Longest xattr name and value, in bytes (XATTR_NAME_MAX, XATTR_SIZE_MAX of linux/limits.h). */
export const XATTR_NAME_BYTES_MAX = 255;
export const XATTR_VALUE_BYTES_MAX = 65_536;
/** All xattr names of a node with their NULs, in bytes (XATTR_LIST_MAX). */
export const XATTR_LIST_BYTES_MAX = 65_536;

/** Largest payload of one FUSE WRITE or READ, in bytes. */
export const TRANSFER_BYTES_MAX = 1 << 20;
/** Most bytes that one request copies from file to file: more is done by more requests. */
export const COPY_BYTES_MAX = 256 << 20;
/** Largest frame of the log, in bytes, its data included. */
export const FRAME_BYTES_MAX = 64 << 20;
/** A segment is closed before a frame would make it longer than this. */
export const SEGMENT_BYTES_MAX = 256 << 20;
/** Largest typed value, encoded, in bytes. */
export const VALUE_BYTES_MAX = 16 << 20;
/** Deepest nesting of a typed value. */
export const VALUE_DEPTH_MAX = 128;
/** Largest text that a lens parses, in bytes. */
export const LENS_BYTES_MAX = 16 << 20;
/** Largest YAML text, in bytes: its parser does little more than 1 MB a second. */
export const YAML_BYTES_MAX = 4 << 20;
/** Deepest nesting of a YAML text: its parser overflows the stack not far beyond. */
export const YAML_DEPTH_MAX = 100;
/** Nodes that the aliases of a YAML text may stand for, all together. */
export const YAML_ALIAS_NODES_MAX = 100_000;
/** Largest message on the daemon's socket, in bytes. */
export const MESSAGE_BYTES_MAX = 20 << 20;

invariant(TRANSFER_BYTES_MAX * 2 < FRAME_BYTES_MAX, 'a transfer fits a frame');
invariant(VALUE_BYTES_MAX * 2 < FRAME_BYTES_MAX, 'a value fits a frame');
invariant(FRAME_BYTES_MAX * 2 <= SEGMENT_BYTES_MAX, 'a frame fits a segment');
invariant(YAML_BYTES_MAX <= LENS_BYTES_MAX, 'a YAML text is a text');
invariant(YAML_DEPTH_MAX <= VALUE_DEPTH_MAX, 'a YAML text gives a value');
invariant(VALUE_BYTES_MAX < MESSAGE_BYTES_MAX, 'a value fits a message');
