"""
Changes through one directory seen through others that show the same files: coherent.py SEED DIRECTORY...

The directories are mounts of one store (or one host directory several times, which proves the test). What is known
through the others before a change (absent names, listings, pages, maps, sizes) is looked at first, so that it is
cached. After the change they must agree; notifications take their way through the kernel, so it is asked again
until they do, or a time has passed. Prints how often it was asked more than once, and the longest wait.
"""
import errno, mmap, os, random, sys, time

DEADLINE_S = 10
asked, waited = 0, 0.0

def outcome(look):
    try:
        return look()
    except OSError as error:
        return errno.errorcode[error.errno]

def until(what, expected, look):
    """Looks until the outcome is the expected one."""
    global asked, waited
    begun, first = time.monotonic(), True
    while (found := outcome(look)) != expected:
        first = False
        if time.monotonic() - begun > DEADLINE_S:
            raise SystemExit(f"{what}: expected {expected!r}, found {found!r}")
    if not first:
        asked += 1
        waited = max(waited, time.monotonic() - begun)

def write(path, data, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
    fd = os.open(path, flags, 0o644)
    os.write(fd, data)
    os.close(fd)

def read(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 1 << 20)
    finally:
        os.close(fd)

def stats(path):
    s = os.lstat(path)
    return (s.st_ino if os.path.basename(path) else 0, s.st_mode, s.st_nlink, s.st_size, s.st_mtime_ns)

def each(writer, others, tag):
    """Every sort of change once, through `writer`."""
    at = lambda directory, name=tag: os.path.join(directory, name)
    for o in others:
        until("absent before", "ENOENT", lambda: os.stat(at(o)))
        os.listdir(o)
    write(at(writer), b"one")
    for o in others:
        until("a name that was absent", b"one", lambda: read(at(o)))
        until("a listing", True, lambda: tag in os.listdir(o))
    fds = [os.open(at(o), os.O_RDONLY) for o in others]
    write(at(writer), b"two" * 3000)
    for o, fd in zip(others, fds):
        until("pages", b"two" * 3000, lambda: read(at(o)))
        until("the size of an open file", 9000, lambda: os.fstat(fd).st_size)
        until("pages of an open file", b"two", lambda: os.pread(fd, 3, 8997))
    maps = [mmap.mmap(fd, 9000, prot=mmap.PROT_READ) for fd in fds]
    for m in maps:
        assert m[4096:4099] == b"wot", m[4096:4099]
    fd = os.open(at(writer), os.O_WRONLY)
    os.pwrite(fd, b"MAP", 4096)
    for m in maps:
        until("mapped pages", b"MAP", lambda: m[4096:4099])
    os.ftruncate(fd, 5000)
    os.close(fd)
    for o, m in zip(others, maps):
        until("a cut file", 5000, lambda: os.stat(at(o)).st_size)
        m.close()
    write(at(writer), b"end", os.O_WRONLY | os.O_APPEND)
    for o in others:
        until("an append", b"end", lambda: read(at(o))[5000:])
    os.chmod(at(writer), 0o600)
    os.setxattr(at(writer), "user.x", b"v")
    for o in others:
        until("a mode", 0o100600, lambda: os.stat(at(o)).st_mode)
        until("an attribute", b"v", lambda: os.getxattr(at(o), "user.x"))
    os.link(at(writer), at(writer, tag + "-link"))
    for o in others:
        until("a link count", 2, lambda: os.stat(at(o)).st_nlink)
        until("a linked name", True, lambda: os.path.samefile(at(o), at(o, tag + "-link")))
    write(at(writer, tag + "-link"), b"by link")
    for o in others:
        until("content by a link", b"by link", lambda: read(at(o)))
    os.rename(at(writer), at(writer, tag + "-moved"))
    for o in others:
        until("the old name", "ENOENT", lambda: os.stat(at(o)))
        until("the new name", b"by link", lambda: read(at(o, tag + "-moved")))
        until("a listing after a rename", (False, True), lambda: (tag in (l := os.listdir(o)), tag + "-moved" in l))
    os.unlink(at(writer, tag + "-link"))
    os.unlink(at(writer, tag + "-moved"))
    for o, fd in zip(others, fds):
        until("a removed name", "ENOENT", lambda: os.stat(at(o, tag + "-moved")))
        until("an open file without name", (0, b"by link"), lambda: (os.fstat(fd).st_nlink, os.pread(fd, 100, 0)))
        os.close(fd)
    os.symlink("first", at(writer, tag + "-s"))
    for o in others:
        until("a symbolic link", "first", lambda: os.readlink(at(o, tag + "-s")))
    os.symlink("second", at(writer, tag + "-t"))
    os.rename(at(writer, tag + "-t"), at(writer, tag + "-s"))
    os.mkdir(at(writer, tag + "-d"))
    write(at(writer, tag + "-d/in"), b"in")
    for o in others:
        until("a replaced symbolic link", "second", lambda: os.readlink(at(o, tag + "-s")))
        until("a file in a directory", b"in", lambda: read(at(o, tag + "-d/in")))
    os.unlink(at(writer, tag + "-d/in"))
    os.rmdir(at(writer, tag + "-d"))
    os.unlink(at(writer, tag + "-s"))
    for o in others:
        until("a removed directory", "ENOENT", lambda: os.stat(at(o, tag + "-d")))
        until("an empty directory", [], lambda: os.listdir(o))

def tree(directory):
    found = {}
    for path, directories, files in os.walk(directory):
        for name in directories + files:
            full = os.path.join(path, name)
            s = os.lstat(full)
            content = read(full) if name in files else b""
            found[os.path.relpath(full, directory)] = (s.st_mode, s.st_nlink, content)
    return found

def at_random(directories, seed, rounds):
    """Random changes through random ones; all must show the same tree after each."""
    choose = random.Random(seed)
    for i in range(rounds):
        d = choose.choice(directories)
        existing = sorted(tree(d)) or ["none"]
        name = lambda: os.path.join(d, choose.choice(existing + [f"n{choose.randrange(8)}"]))
        inside = lambda: os.path.join(d, choose.choice([p for p in existing if os.path.isdir(os.path.join(d, p))] or ["."]), f"i{choose.randrange(4)}")
        operation = choose.choice([
            lambda: write(name(), b"%d" % i * choose.randrange(3000)),
            lambda: write(inside(), b"%d" % i),
            lambda: write(name(), b"+", os.O_WRONLY | os.O_APPEND),
            lambda: os.truncate(name(), choose.randrange(10000)),
            lambda: os.mkdir(inside()),
            lambda: os.rename(name(), inside()),
            lambda: os.rename(name(), name()),
            lambda: os.link(name(), inside()),
            lambda: os.unlink(name()),
            lambda: os.rmdir(name()),
            lambda: os.chmod(name(), 0o700 | choose.randrange(64)),
        ])
        outcome(operation)
        expected = tree(d)
        for o in directories:
            until(f"seed {seed}, round {i}", expected, lambda: tree(o))

seed, directories = int(sys.argv[1]), sys.argv[2:]
for i, writer in enumerate(directories):
    each(writer, [d for d in directories if d != writer], f"w{i}")
at_random(directories, seed, 200)
print(f"agreed; asked again {asked} times, waited {waited * 1000:.1f} ms at most")
