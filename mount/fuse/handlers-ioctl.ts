/**
 * IOCTL: the few commands that tools ask of any filesystem. What is unknown is ENOTTY, as ioctl(2) has it.
 *
 * A file has no flags (chattr), no project and generation 0. So they are read as 0, and setting them to what
 * they are succeeds, which is what cp, rsync and e2fsprogs do; anything else is EOPNOTSUPP.
 *
 * For FS_IOC_GETFLAGS and its kin the kernel itself opens the file and calls (fs/fuse/ioctl.c, fuse_priv_ioctl);
 * other commands come as the caller gave them, with the sizes that the command's number tells.
 */
import { ERRNO } from './errno.ts';
import { after, type Exchange } from './exchange.ts';
import { BODY_WORD, IOCTL_IN, IOCTL_OUT, OUT, OUT_WORD } from './layouts.ts';
import { IOCTL } from './protocol.ts';

const READERS: ReadonlySet<number> = new Set([
  IOCTL.FS_IOC_GETFLAGS,
  IOCTL.FS_IOC32_GETFLAGS,
  IOCTL.FS_IOC_GETVERSION,
  IOCTL.FS_IOC32_GETVERSION,
  IOCTL.FS_IOC_FSGETXATTR,
]);
const WRITERS: ReadonlySet<number> = new Set([IOCTL.FS_IOC_SETFLAGS, IOCTL.FS_IOC32_SETFLAGS, IOCTL.FS_IOC_FSSETXATTR]);

export function ioctl(x: Exchange): number {
  const { word } = IOCTL_IN;
  const command = x.u32(BODY_WORD + word.cmd);
  const outBytes = x.u32(BODY_WORD + word.out_size);
  const inBytes = x.u32(BODY_WORD + word.in_size);
  const start = after(IOCTL_IN);
  if (inBytes > x.end - start) x.malformed('IOCTL tells of more bytes than it brings');
  const reads = READERS.has(command);
  if (!reads && !WRITERS.has(command)) return x.fail(ERRNO.ENOTTY);
  x.operations.attributes(x.nodeid);
  if (!reads && x.input.subarray(start, start + inBytes).some((byte) => byte !== 0)) return x.fail(ERRNO.EOPNOTSUPP);
  const answerBytes = reads ? outBytes : 0;
  const head = OUT + IOCTL_OUT.bytes;
  if (answerBytes > x.output.length - head) return x.fail(ERRNO.EINVAL);
  x.out.fill(0, OUT_WORD, OUT_WORD + (IOCTL_OUT.bytes >> 2));
  x.output.fill(0, head, head + answerBytes);
  return head + answerBytes;
}
