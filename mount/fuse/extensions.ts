/**
 * Extensions at the end of a request (since 7.38): one after the other, each a header and its content, padded to
 * 8 bytes. A request's header tells how many bytes they take in all.
 *
 * Only groups are asked for (INIT2.CREATE_SUPP_GROUP); an extension of another type is passed over.
 */
import { endianness } from 'node:os';
import type { Exchange } from './exchange.ts';
import { EXT_HEADER, SUPP_GROUPS } from './layouts.ts';
import { EXTENSION } from './protocol.ts';

const U32_BYTES = 4;
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/**
 * The caller's supplementary groups that matter for a file to be made: the directory's group, if the caller is a
 * member by that way only (fs/fuse/dir.c, get_create_supp_group). PROTOCOL when the extensions do not add up.
 */
export function supplementaryGroups(x: Exchange): number[] {
  const groups: number[] = [];
  let at = x.end;
  while (at < x.extensionsEnd) {
    const left = x.extensionsEnd - at;
    const bytes = left < EXT_HEADER.bytes ? 0 : u32(x, at);
    if (bytes < EXT_HEADER.bytes || bytes > left) x.malformed('an extension is not as long as it says');
    if (u32(x, at + U32_BYTES) === EXTENSION.GROUPS) readGroups(x, at + EXT_HEADER.bytes, at + bytes, groups);
    at += (bytes + 7) & ~7;
  }
  return groups;
}

function readGroups(x: Exchange, start: number, end: number, groups: number[]): void {
  const room = Math.floor((end - start - SUPP_GROUPS.bytes) / U32_BYTES);
  const count = room < 0 ? 0 : u32(x, start);
  if (room < 0 || count > room) x.malformed('it tells of more groups than it brings');
  for (let i = 1; i <= count; i++) groups.push(u32(x, start + i * U32_BYTES));
}

/** Extensions follow a name of any length, so that nothing in them is aligned. */
function u32(x: Exchange, at: number): number {
  return IS_LITTLE_ENDIAN ? x.input.readUInt32LE(at) : x.input.readUInt32BE(at);
}
