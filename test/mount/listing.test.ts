/** Listings while entries come and go, and file handles that outlive a mount. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, hasCommand, MountedStore, onHost, root, withMount } from '../support/mount.ts';

const LISTING = join(root, 'test/support/listing-steps.py');
const TIMEOUT_MS = 90_000;

/** Prints the handles of files as hexadecimal text, or opens them and prints what they lead to. */
const HANDLES = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]
if sys.argv[1] == "tell":
    for path in sys.argv[2:]:
        handle, mount = Handle(bytes=128), ctypes.c_int()
        if libc.name_to_handle_at(-100, path.encode(), ctypes.byref(handle), ctypes.byref(mount), 0) < 0:
            sys.exit(os.strerror(ctypes.get_errno()))
        print(bytes(handle).hex())
else:
    top = os.open(".", os.O_RDONLY)
    for text in sys.argv[2:]:
        handle = Handle.from_buffer_copy(bytes.fromhex(text))
        fd = libc.open_by_handle_at(top, ctypes.byref(handle), os.O_RDONLY)
        print(os.readlink(f"/proc/self/fd/{fd}").removeprefix(os.getcwd()) if fd >= 0 else os.strerror(ctypes.get_errno()))
`;

describe.skipIf(!canMount || onHost || !hasCommand('python3'))('a mount', () => {
  for (const options of [[], ['--no-caching']]) {
    test(`lists what stays once while the rest changes ${options.join(' ')}`, { timeout: TIMEOUT_MS }, async () => {
      const mount = new MountedStore('listing');
      try {
        await mount.mount(...options);
        await mount.sh(`mkdir d`);
        const seed = options.length;
        expect(await mount.sh(`python3 '${LISTING}' d ${seed}`, { timeoutMs: TIMEOUT_MS }), `seed ${seed}`).toBe(
          'ok\n',
        );
        expect(mount.log).not.toContain('fault');
      } finally {
        await mount.dispose();
      }
    });
  }

  test.skipIf(process.getuid?.() !== 0)('opens files by their handles, also after it was mounted again', async () => {
    await withMount('handles', async (mount) => {
      await mount.sh('mkdir -p a/b; echo text > a/b/f; echo gone > gone');
      const told = (await mount.sh(`python3 -c '${HANDLES}' tell . a a/b a/b/f gone`)).trim().split('\n');
      await mount.sh('rm gone; mv a/b/f a/g');
      const open = () => mount.sh(`python3 -c '${HANDLES}' open ${told.join(' ')}`);
      const expected = ['', '/a', '/a/b', '/a/g', 'Stale file handle', ''].join('\n');
      expect(await open()).toBe(expected);
      await mount.remount();
      expect(await open()).toBe(expected);
    });
  });
});
