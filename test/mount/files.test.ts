/** What the small tools do to single files: content, holes, maps, links, modes, owners, times, xattrs. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canMount, hasCommand, type MountedStore, mountStore, onHost } from '../support/mount.ts';

const asRoot = process.getuid?.() === 0;
const python = hasCommand('python3');

describe.skipIf(!canMount)('single files', () => {
  let mount: MountedStore;
  let count = 0;
  beforeAll(async () => {
    mount = await mountStore('files');
  });
  afterAll(() => mount?.dispose());
  beforeEach(() => {
    count++;
  });

  /** Runs a script in a fresh directory of the mount. */
  const sh = (script: string) => mount.sh(`mkdir ${count}-$$; cd ${count}-$$; ${script}`);
  const py = (program: string) => sh(`cat > p.py <<'PY'\n${program}\nPY\npython3 p.py`);

  test('dd writes blocks of every size at every offset', () =>
    sh(`dd if=/dev/urandom of=../r$$ bs=1M count=9 status=none; for bs in 511 4096 65537 1M 3M; do
        dd if=../r$$ of=f bs=$bs status=none; cmp ../r$$ f; done
      dd if=../r$$ of=f bs=4097 seek=3 skip=3 count=7 conv=notrunc status=none; cmp ../r$$ f; rm ../r$$`));

  test('dd with O_DIRECT agrees with buffered reads', () =>
    sh(`dd if=/dev/urandom of=r bs=64k count=16 status=none; dd if=r of=f bs=64k oflag=direct status=none; cmp r f
      echo change | dd of=f conv=notrunc status=none; dd if=f bs=64k iflag=direct status=none | cmp - f`));

  test('truncate cuts, grows with zeros, and holes take no room', () =>
    sh(`seq 10000 > f; cp f g; truncate -s 100 f; cmp -n 100 f g; test "$(stat -c %s f)" = 100; truncate -s 8192 f
      test "$(tail -c 8092 f | tr -d '\\0' | wc -c)" = 0; truncate -s 0 f; test ! -s f
      truncate -s 1G hole; test "$(stat -c %s hole)" = 1073741824; test "$(du -k hole | cut -f1)" -lt 1024
      echo end >> hole; test "$(tail -c 4 hole)" = end`));

  test('hard links share one inode, and its content, mode and count', () =>
    sh(`echo 1 > a; ln a b; mkdir d; ln a d/c; test "$(stat -c %h a)" = 3; echo 2 >> b; cmp a d/c; chmod 600 d/c
      test "$(stat -c '%a %i' a)" = "$(stat -c '%a %i' b)"; rm a; test "$(stat -c %h b)" = 2; ! ln d e 2> /dev/null`));

  test('symbolic links keep any target', async () => {
    expect(await sh(`ln -s nowhere l; ln -s $(printf 'x%.0s' $(seq 4000)) m; readlink l; readlink m | wc -c`)).toBe(
      'nowhere\n4001\n',
    );
  });

  test('mv renames, replaces, moves directories and refuses to move one into itself', () =>
    sh(`echo 1 > a; echo 2 > b; mv a b; test "$(cat b)" = 1; test ! -e a; mkdir -p x/y z; echo 3 > x/y/f; mv x z
      test "$(cat z/x/y/f)" = 3; ! mv z z/x/y 2> /dev/null; mkdir full; echo > full/f; mkdir g
      ! mv -T g full 2> /dev/null; mv -T z g; test -f g/x/y/f`));

  test('chmod and umask give every mode', async () => {
    expect(
      await sh(`touch a; for m in 0 444 7777 2755 1777; do chmod $m a; stat -c %a a; done; (umask 077; mkdir d;
      touch b; stat -c %a d b)`),
    ).toBe('0\n444\n7777\n2755\n1777\n700\n600\n');
  });

  test.skipIf(!asRoot)('chown gives any owner, also of a symbolic link, and drops set-id bits', async () => {
    expect(
      await sh(`touch a; ln -s a l; chmod 6755 a; chown 1234:4321 a; chown -h 77:88 l; stat -c '%u %g %a' a
      stat -c '%u %g' l`),
    ).toBe('1234 4321 755\n77 88\n');
  });

  test('touch keeps nanoseconds, the epoch and times before it', async () => {
    const output = await sh(`touch -d '2001-02-03 04:05:06.123456789' a; touch -d @0 b; touch -d '1950-01-01' c
      touch -a -d @5.5 a; stat -c '%.9Y %.9X' a; stat -c %.9Y b c; ln -s a l; touch -h -d @9.25 l; stat -c %.9Y l`);
    expect(output.split('\n').slice(0, 4)).toEqual([
      '981173106.123456789 5.500000000',
      '0.000000000',
      '-631152000.000000000',
      '9.250000000',
    ]);
  });

  test('a fifo passes bytes and keeps none', () =>
    sh(`mkfifo p; test -p p; (seq 1000 > p) & test "$(cat p | tail -1)" = 1000; wait; test "$(stat -c %s p)" = 0`));

  test.skipIf(!asRoot)('device nodes and sockets keep their numbers', async () => {
    expect(await sh(`mknod c c 1 3; mknod b b 7 200; stat -c '%F %t %T' c b`)).toBe(
      'character special file 1 3\nblock special file 7 c8\n',
    );
  });

  test.skipIf(!python)('xattrs are set, replaced, listed and removed, up to 64 KiB', () =>
    py(`import os
open("f", "w").close()
for name, value in (("user.a", b"1"), ("user.b", b""), ("user.big", b"x" * ${onHost ? 1000 : 60_000}), ("user.\\u00e9", bytes(range(256)))):
    os.setxattr("f", name, value)
    assert os.getxattr("f", name) == value
assert sorted(os.listxattr("f")) == ["user.a", "user.b", "user.big", "user.\\u00e9"]
os.setxattr("f", "user.a", b"2", os.XATTR_REPLACE)
for flag, name in ((os.XATTR_CREATE, "user.a"), (os.XATTR_REPLACE, "user.none")):
    try: os.setxattr("f", name, b"", flag); raise SystemExit("not refused")
    except OSError: pass
os.removexattr("f", "user.a")
assert "user.a" not in os.listxattr("f")
`),
  );

  test.skipIf(!python)('a shared map and the file show each other’s changes', () =>
    py(`import mmap, os
with open("f", "wb") as f: f.write(bytes(1 << 20))
fd = os.open("f", os.O_RDWR)
m = mmap.mmap(fd, 1 << 20)
m[12345:12350] = b"hello"
m.flush()
assert os.pread(fd, 5, 12345) == b"hello"
os.pwrite(fd, b"world", 54321)
assert m[54321:54326] == b"world"
m[0:4] = b"last"
m.close(); os.close(fd)
data = open("f", "rb").read()
assert data[:4] == b"last" and data[12345:12350] == b"hello" and len(data) == 1 << 20
`),
  );

  test.skipIf(!python)('appends of two processes do not overwrite each other', () =>
    py(`import os
pids = []
for letter in "ab":
    pid = os.fork()
    if pid == 0:
        fd = os.open("f", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        for i in range(500): os.write(fd, (letter * 99 + "\\n").encode())
        os._exit(0)
    pids.append(pid)
for pid in pids: assert os.waitpid(pid, 0)[1] == 0
lines = open("f").read().split("\\n")
assert len(lines) == 1001 and all(line in ("a" * 99, "b" * 99) for line in lines[:-1]), len(lines)
`),
  );

  test.skipIf(!python)('a directory that changes while it is read shows every other entry once', () =>
    py(`import os
os.mkdir("d")
for i in range(3000): open("d/f%d" % i, "w").close()
seen = []
with os.scandir("d") as entries:
    for n, entry in enumerate(entries):
        seen.append(entry.name)
        if n % 10 == 0:
            open("d/new%d" % n, "w").close()
            try: os.unlink("d/f%d" % (2999 - n))
            except FileNotFoundError: pass
old = [name for name in seen if name.startswith("f")]
once = set(old)
assert len(old) == len(once), "an entry came twice"
missing = [name for name in os.listdir("d") if name.startswith("f") and name not in once]
assert not missing, missing
`),
  );

  test('names of any bytes up to 255 work, longer ones are refused', () =>
    sh(`n=$(printf 'n%.0s' $(seq 255)); echo 1 > $n; test -f $n; ! touch n$n 2> /dev/null; echo 2 > $'a\\xff\\n b'
      test "$(cat $'a\\xff\\n b')" = 2; test "$(ls -A --zero | tr -d -c '\\0' | wc -c)" = 2`));

  test('flock excludes another process, and lets it in afterwards', () =>
    sh(`touch f; exec 8> f; flock 8; ! flock -n f true; flock -u 8; flock -n f true`));
});
