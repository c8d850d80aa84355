"""Listing a directory while its entries come and go: readdir, telldir, seekdir, rewinddir of the C library.

    listing-steps.py DIRECTORY SEED

Entries that stay are listed exactly once, whatever happens to the others; a position tells where to go on.
Prints "ok", or ends with what was wrong.
"""
import ctypes, os, random, sys

libc = ctypes.CDLL(None, use_errno=True)


class Dirent(ctypes.Structure):
    _fields_ = [('ino', ctypes.c_uint64), ('off', ctypes.c_int64), ('reclen', ctypes.c_uint16), ('type', ctypes.c_uint8), ('name', ctypes.c_char * 256)]


libc.opendir.restype = ctypes.c_void_p
libc.readdir.restype = ctypes.POINTER(Dirent)
libc.telldir.restype = ctypes.c_long
for name in ('readdir', 'telldir', 'rewinddir', 'closedir'):
    getattr(libc, name).argtypes = [ctypes.c_void_p]
libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]

TYPES = {'f': 8, 'd': 4, 'l': 10, 'p': 1, 's': 12}
MAKERS = {
    'f': lambda p: os.close(os.open(p, os.O_CREAT | os.O_WRONLY)), 'd': os.mkdir, 'l': lambda p: os.symlink('t', p),
    'p': os.mkfifo, 's': lambda p: os.mknod(p, 0o140644),
}


class Listing:
    def __init__(self, path):
        self.stream = libc.opendir(path.encode())
        assert self.stream

    def next(self):
        found = libc.readdir(self.stream)
        if not found:
            return None
        name = found.contents.name.decode()
        if name not in ('.', '..'):
            assert found.contents.type == TYPES[name[0]], f'{name} has type {found.contents.type}'
        return name

    def rest(self):
        names = []
        while (name := self.next()) is not None:
            names.append(name)
        return names

    def close(self):
        libc.closedir(self.stream)


def make(name):
    MAKERS[name[0]](name)


def remove(name):
    (os.rmdir if name[0] == 'd' else os.unlink)(name)


def check(names, staying, possible):
    assert len(names) == len(set(names)), f'twice: {sorted(n for n in set(names) if names.count(n) > 1)[:5]}'
    missing = staying - set(names)
    assert not missing, f'missing: {sorted(missing)[:5]} of {len(missing)}'
    strange = set(names) - possible - {'.', '..'}
    assert not strange, f'never there: {sorted(strange)[:5]}'


def whole(choice, count):
    """Names change behind, at and before the place where a listing stands."""
    names = [f'{choice.choice("ffffdlps")}{i:05}-{"x" * choice.randrange(60)}' for i in range(count)]
    for name in names:
        make(name)
    there, staying, possible = set(names), set(names), set(names)
    listing, listed, serial = Listing('.'), [], 0
    while True:
        for _ in range(choice.randrange(1, 400)):
            name = listing.next()
            if name is None:
                break
            listed.append(name)
        if name is None:
            break
        for _ in range(choice.randrange(40)):
            victim = choice.choice(sorted(there))
            there.discard(victim)
            staying.discard(victim)
            if choice.random() < 0.5:
                remove(victim)
            else:
                serial += 1
                renamed = f'{victim[0]}new{serial}'
                os.rename(victim, renamed)
                there.add(renamed)
                possible.add(renamed)
        for _ in range(choice.randrange(20)):
            serial += 1
            fresh = f'f{serial}fresh'
            make(fresh)
            there.add(fresh)
            possible.add(fresh)
    check(listed, staying, possible)
    libc.rewinddir(listing.stream)
    check(listing.rest(), there, there)
    listing.close()
    return there


def positions(choice, there):
    """A position leads to the entry that followed it, or to the next that is left."""
    listing = Listing('.')
    order, places = [], []
    while True:
        places.append(libc.telldir(listing.stream))
        name = listing.next()
        if name is None:
            break
        order.append(name)
    for at in choice.sample(range(len(order)), 60):
        libc.seekdir(listing.stream, places[at])
        assert listing.next() == order[at], f'position {at}'
    libc.seekdir(listing.stream, places[len(order)])
    assert listing.next() is None
    for name in order[2::2]:
        remove(name)
        there.discard(name)
    listing.close()
    listing = Listing('.')
    for at in choice.sample(range(len(order)), 30):
        libc.seekdir(listing.stream, places[at])
        check(listing.rest(), {n for n in order[at:] if n in there}, set(order[at:]))
    listing.close()
    return there


def beside(there, rounds):
    """Another process creates, renames and removes all the while."""
    child = os.fork()
    if child == 0:
        serial = 0
        while True:
            serial += 1
            make(f'fbeside{serial % 50}')
            os.rename(f'fbeside{serial % 50}', f'fother{serial % 70}')
            if serial % 2:
                os.unlink(f'fother{serial % 70}')
    try:
        possible = there | {f'fbeside{i}' for i in range(50)} | {f'fother{i}' for i in range(70)}
        for _ in range(rounds):
            listing = Listing('.')
            check(listing.rest(), there, possible)
            listing.close()
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


os.chdir(sys.argv[1])
choice = random.Random(int(sys.argv[2]))
left = positions(choice, whole(choice, 1500))
if len(sys.argv) < 4:
    beside(left, 12)
print('ok')
