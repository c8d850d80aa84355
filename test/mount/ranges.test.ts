/**
 * What programs see of files on a mount beyond reading and writing: allocation, holes, copies by reference,
 * durability of synchronous writes, maps of files that go, limits.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canMount, hasCommand, MountedStore, onHost, root, shell } from '../support/mount.ts';

const CLI = `'${process.execPath}' '${root}/dist/src/cli.js'`;
const asRoot = process.getuid?.() === 0;

/** What the Python scripts share: fallocate(2) with any mode, and the name of the error that a call gives. */
const PRELUDE = `import ctypes, errno, mmap, os, resource, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
KEEP, PUNCH, COLLAPSE, ZERO, INSERT, UNSHARE = 1, 2, 8, 16, 32, 64
def fallocate(fd, mode, offset, length):
    return "" if libc.fallocate(fd, mode, offset, length) == 0 else errno.errorcode[ctypes.get_errno()]
def error(call, *args):
    try: call(*args)
    except OSError as e: return errno.errorcode[e.errno]
    return ""
def new(name, data=b""):
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(fd, data)
    return fd
def same(a, b):
    assert a == b, "%r is not %r" % (a, b)
`;

describe.skipIf(!canMount || !hasCommand('python3'))('ranges of files on a mount', () => {
  let mount: MountedStore;
  let number = 0;
  beforeAll(async () => {
    mount = new MountedStore('ranges');
    await mount.mount(...(asRoot ? ['--allow-other'] : []));
  });
  afterAll(() => mount.dispose());

  /** Runs a Python script in a directory of its own. */
  const py = (script: string): Promise<string> =>
    mount.sh(`d=$(mktemp -d -p .); cd $d; cat > ${mount.scratch}/${++number}.py <<'END'\n${PRELUDE}${script}\nEND
python3 ${mount.scratch}/${number}.py`);

  test('fallocate does what its modes say, and refuses the others with EOPNOTSUPP', () =>
    py(`fd = new("f", b"x" * 20000)
same(fallocate(fd, 0, 19000, 5000), ""); same(os.fstat(fd).st_size, 24000)
same(fallocate(fd, KEEP, 0, 1 << 20), ""); same(os.fstat(fd).st_size, 24000)
assert os.fstat(fd).st_blocks * 512 >= 1 << 20
same(fallocate(fd, PUNCH | KEEP, 4096, 4096), ""); same(os.pread(fd, 8192, 4096), bytes(4096) + b"x" * 4096)
same(fallocate(fd, ZERO | KEEP, 1, 2), ""); same(os.pread(fd, 4, 0), b"x\\0\\0x")
same(fallocate(fd, ZERO, 23999, 2), ""); same(os.fstat(fd).st_size, 24001)
for mode in (PUNCH, UNSHARE, COLLAPSE | KEEP, INSERT | KEEP, COLLAPSE | INSERT, 4, 1 << 20):
    same((mode, fallocate(fd, mode, 0, 4096)), (mode, "ENOTSUP"))
${onHost ? '' : 'for mode in (COLLAPSE, INSERT): same(fallocate(fd, mode, 0, 4096), "ENOTSUP")'}
same([fallocate(fd, 0, *r) for r in ((0, 0), (-1, 5), (5, -1))], ["EINVAL"] * 3)
same(fallocate(fd, 0, 2 ** 63 - 10, 100), "EFBIG")
assert fallocate(fd, 0, 0, 2 ** 50) in ("ENOSPC", "EFBIG")
r = os.open("f", os.O_RDONLY); same(fallocate(r, 0, 0, 10), "EBADF"); same(fallocate(99, 0, 0, 10), "EBADF")
os.mkdir("d"); d = os.open("d", os.O_RDONLY); same(fallocate(d, 0, 0, 10), "EBADF")
p, q = os.pipe(); same(fallocate(q, 0, 0, 10), "ESPIPE")
os.posix_fallocate(fd, 30000, 10000); same(os.fstat(fd).st_size, 40000)
`));

  test('blocks are counted for what is there, and holes for nothing', () =>
    py(`fd = new("f")
blocks = lambda: os.fstat(fd).st_blocks * 512
os.ftruncate(fd, 1 << 40); same(blocks(), 0)
os.pwrite(fd, b"x" * 65536, 1 << 30); same(blocks(), 65536)
fallocate(fd, PUNCH | KEEP, 1 << 30, 32768); same(blocks(), 32768)
os.ftruncate(fd, (1 << 30) + 40960); same(blocks(), 8192)
os.ftruncate(fd, 1 << 30); same(blocks(), 0)
same(os.fstat(fd).st_size, 1 << 30)
`));

  test('data and holes are found, and there is a hole at the end', () =>
    py(`fd = new("f")
os.pwrite(fd, b"x" * 4096, 8192); os.pwrite(fd, b"y" * 4096, 5 << 20); os.ftruncate(fd, 6 << 20)
seek = lambda at, how: os.lseek(fd, at, how)
same([seek(at, os.SEEK_DATA) for at in (0, 8192, 9000, 12288)], [8192, 8192, 9000, 5 << 20])
same([seek(at, os.SEEK_HOLE) for at in (0, 8192, 5 << 20)], [0, 12288, (5 << 20) + 4096])
same([error(seek, at, os.SEEK_DATA) for at in ((5 << 20) + 4096, 6 << 20)], ["ENXIO", "ENXIO"])
same(error(seek, 6 << 20, os.SEEK_HOLE), "ENXIO")
same(seek((6 << 20) - 1, os.SEEK_HOLE), (6 << 20) - 1)
os.pwrite(fd, b"z", (6 << 20) - 1); same(seek((6 << 20) - 1, os.SEEK_HOLE), 6 << 20)
`));

  test('cp keeps holes, and tar too', () =>
    mount.sh(`truncate -s 100M s; echo start | dd of=s conv=notrunc status=none; echo middle | dd of=s bs=1M seek=50 conv=notrunc status=none
      cp --sparse=auto s t; cmp s t; test "$(du -k t | cut -f1)" -lt 100; tar --sparse -cf a.tar s; test "$(du -k a.tar | cut -f1)" -lt 200
      mkdir x; tar -xf a.tar -C x; cmp s x/s; test "$(du -k x/s | cut -f1)" -lt 100; rm -r s t x a.tar`));

  test.skipIf(onHost)('copy_file_range shares the bytes, and the copies go their own ways', async () => {
    await mount.sh(`head -c 30M /dev/urandom > big; sync`);
    const { logBytes: before } = JSON.parse(await shell(`${CLI} status '${mount.store}' --json`)) as {
      logBytes: number;
    };
    await py(`a = os.open("../big", os.O_RDWR); b = new("copy", b"old" * 1000)
os.pread(b, 100, 0); size = os.fstat(a).st_size; at = 0
while at < size: at += os.copy_file_range(a, b, size - at, at, at)
same(os.pread(b, size, 0) == os.pread(a, size, 0), True)
os.pwrite(a, b"changed", 1000); same(os.pread(b, 7, 1000) == b"changed", False)
os.pwrite(b, b"CHANGED", 2000); same(os.pread(a, 7, 2000) == b"CHANGED", False)
same(error(os.copy_file_range, a, a, 100, 0, 50), "EINVAL")
same(os.copy_file_range(a, b, 100, size, 0), 0)
`);
    const { logBytes } = JSON.parse(await shell(`${CLI} status '${mount.store}' --json`)) as { logBytes: number };
    expect(logBytes - before).toBeLessThan(1e6);
  });

  test.skipIf(onHost)('a synchronous write is durable when it returns', async () => {
    for (const flag of ['O_SYNC', 'O_DSYNC']) {
      await py(`fd = os.open("s", os.O_WRONLY | os.O_CREAT | os.${flag}); os.write(fd, b"x" * 100)`);
      const { seq, durableSeq } = JSON.parse(await shell(`${CLI} status '${mount.store}' --json`)) as Record<
        string,
        number
      >;
      expect([flag, durableSeq]).toEqual([flag, seq]);
    }
  });

  test('a shared map lives on when its file is unlinked, and ends where the file is cut', () =>
    py(`fd = new("f", b"x" * 16384)
m = mmap.mmap(fd, 16384); os.unlink("f"); same(os.fstat(fd).st_nlink, 0)
m[5:10] = b"after"; m.flush(); same(os.pread(fd, 5, 5), b"after")
m[20:25] = b"close"; os.close(fd); same(m[20:25], b"close"); m.close()
fd = new("g", b"x" * 16384); m = mmap.mmap(fd, 16384); m[9000:9005] = b"later"
os.ftruncate(fd, 5000); same(m[4999:5001], b"x\\0")
pid = os.fork()
if pid == 0:
    signal.signal(signal.SIGBUS, signal.SIG_DFL); m[9000]; os._exit(0)
same(os.WTERMSIG(os.waitpid(pid, 0)[1]), signal.SIGBUS)
os.ftruncate(fd, 16384); same(m[9000:9005], bytes(5)); same(os.pread(fd, 5, 9000), bytes(5))
`));

  test('direct, buffered and mapped access show each other’s changes', () =>
    py(`new("f", b"a" * 16384)
b = os.open("f", os.O_RDWR); d = os.open("f", os.O_RDWR | os.O_DIRECT); m = mmap.mmap(b, 16384)
page = mmap.mmap(-1, 4096)
os.pread(b, 16384, 0); page[:] = b"d" * 4096; os.pwritev(d, [page], 4096)
same(os.pread(b, 3, 4095), b"add"); same(m[4095:4098], b"add")
os.pwrite(b, b"bb", 4096); os.preadv(d, [page], 4096); same(page[:3], b"bbd")
m[4096:4098] = b"mm"; os.preadv(d, [page], 4096); same(page[:3], b"mmd")
fallocate(b, PUNCH | KEEP, 4096, 4096); same(m[4096:4098], bytes(2)); os.preadv(d, [page], 4096); same(page[:3], bytes(3))
`));

  test.skipIf(onHost)('appends through two mounts do not overwrite each other', () =>
    mount.sh(`mkdir '${mount.scratch}/second'; ${CLI} mount '${mount.store}' '${mount.scratch}/second' > /dev/null
      trap "${CLI} umount '${mount.scratch}/second' > /dev/null" EXIT
      cat > '${mount.scratch}/append.py' <<'END'
${PRELUDE}a = os.open("appended", os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644); b = os.open(sys.argv[1] + "/appended", os.O_RDWR | os.O_APPEND)
lines = []
for i in range(300):
    for fd, line in ((a, b"a%d " % i), (b, b"bb%d " % i)): os.write(fd, line); lines.append(line)
    if i == 200: os.ftruncate(a, 0); del lines[:]
open(sys.argv[2], "wb").write(b"".join(lines))
END
      python3 '${mount.scratch}/append.py' '${mount.scratch}/second' '${mount.scratch}/lines'
      cmp appended '${mount.scratch}/lines'; cmp '${mount.scratch}/second/appended' '${mount.scratch}/lines'`),
  );

  test('writes beyond the end leave zeros, reads at the end give nothing, and RLIMIT_FSIZE holds', () =>
    py(`fd = new("f", b"abc")
os.pwrite(fd, b"z", 10000); same(os.pread(fd, 20000, 0), b"abc" + bytes(9997) + b"z"); same(os.pread(fd, 10, 10001), b"")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
same(os.pwrite(fd, b"x" * 100, 19950), 50); same(error(os.pwrite, fd, b"x", 20000), "EFBIG")
same(error(os.ftruncate, fd, 20001), "EFBIG"); same(fallocate(fd, 0, 0, 20001), "EFBIG"); same(os.fstat(fd).st_size, 20000)
`));

  test.skipIf(onHost)('a file ends at 2^53 - 1 bytes, and what would go beyond is EFBIG', () =>
    py(`fd = new("f"); most = 2 ** 53 - 1
os.ftruncate(fd, most); same(os.fstat(fd).st_size, most)
os.pwrite(fd, b"end", most - 3); same(os.pread(fd, 10, most - 3), b"end"); same(os.pread(fd, 10, most), b"")
same([error(os.ftruncate, fd, most + 1), error(os.pwrite, fd, b"xy", most - 1), error(os.pwrite, fd, b"x", 2 ** 62)], ["EFBIG"] * 3)
same(fallocate(fd, 0, most, 1), "EFBIG"); same(fallocate(fd, PUNCH | KEEP, 0, most), ""); same(os.fstat(fd).st_blocks, 0)
same(error(os.lseek, fd, 0, os.SEEK_DATA), "ENXIO"); same(os.lseek(fd, 5, os.SEEK_HOLE), 5); same(os.pread(fd, 3, 2 ** 62), b"")
`),
  );

  test.skipIf(!asRoot)('an unprivileged caller’s allocation and copy drop set-id bits', () =>
    py(`fd = new("f", b"x" * 100); src = new("src", b"y" * 100); os.chmod(".", 0o777); os.fchown(fd, 1234, 1234)
for change in (lambda: fallocate(fd, 0, 0, 200), lambda: fallocate(fd, PUNCH | KEEP, 0, 10), lambda: os.copy_file_range(src, fd, 50, 0, 0)):
    os.fchmod(fd, 0o6755); change(); same(oct(os.fstat(fd).st_mode & 0o7777), "0o6755")
    pid = os.fork()
    if pid == 0:
        os.setgroups([]); os.setgid(1234); os.setuid(1234); change(); os._exit(0)
    same(os.waitpid(pid, 0)[1], 0); same(oct(os.fstat(fd).st_mode & 0o7777), "0o755"); same(oct(os.stat("f").st_mode & 0o7777), "0o755")
`),
  );
});
