/**
 * The form in which mount.fuse3 of libfuse runs a filesystem: `fxmount STORE MOUNTPOINT -o options`.
 */

/** Whether these arguments of `fxmount` are a call by mount.fuse3. */
export function isMountFuseCall(args: readonly string[]): boolean {
  return args.length === 4 && args[2] === '-o' && args[0]?.startsWith('/') === true;
}
