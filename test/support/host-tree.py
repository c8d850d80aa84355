"""Host trees for tests, with what other tools cannot make or show.

    host-tree.py make PATH   makes a directory with files of all kinds
    host-tree.py list PATH   prints a line of JSON for it and for each thing below it, in byte order

A line has all that an import and an export must keep: path, type and mode, owner, links, size, times of
modification, numbers of devices, a hash of the content or target, the first path of the same inode, and the
extended attributes, but for access lists (system.*) and labels (security.*, without capabilities).
"""
import hashlib
import json
import os
import socket
import stat
import struct
import sys

ROOT = os.getuid() == 0
NAMES = [b'plain', b'\xff\xc3 not utf-8', b'new\nline', b'back\\slash', b'-dash', b' space ', b'"quotes\'', b'n' * 255,
         'h\u00e9\u4e16\U0001f600'.encode(), b'\x01\x7f', b'.hidden', b'trailing.', b'*?[a]']


def write(path, data):
    with open(path, 'wb') as file:
        file.write(data)


def make_files(root):
    deep = root
    for i, name in enumerate(NAMES):
        write(os.path.join(root, name), (b'%d;' % i) * (i * i * 40 + 20))
        if i % 4 == 0:
            deep = os.path.join(deep, b'dir ' + name[:100])
            os.mkdir(deep)
            write(os.path.join(deep, name), name)
            os.mkdir(os.path.join(deep, b'empty'))
    os.mkdir(os.path.join(root, b'many'))
    for i in range(300):
        write(os.path.join(root, b'many', b'%d' % i), b'%d' % i)
    write(os.path.join(root, b'nothing'), b'')
    write(os.path.join(root, b'long'), bytes(range(256)) * 12345)
    with open(os.path.join(root, b'sparse'), 'wb') as file:
        file.write(b'start')
        file.seek(3 << 20)
        file.write(b'middle')
        file.truncate((64 << 20) + 1)
    write(os.path.join(root, b'set-id'), b'#!')
    for i, name in enumerate([b'many/linked', b'dir plain/linked', b'linked']):
        os.link(os.path.join(root, b'plain'), os.path.join(root, name))
        os.link(os.path.join(root, b'long'), os.path.join(root, name + b'-long'))
    os.symlink(b'plain', os.path.join(root, b'symlink'))
    os.symlink(b'/no\xffwhere\n', os.path.join(root, b'dangling'))
    os.symlink(b't' * 4095, os.path.join(root, b'longest'))


def make_specials(root):
    os.mkfifo(os.path.join(root, b'a fifo'), 0o640)
    os.link(os.path.join(root, b'a fifo'), os.path.join(root, b'many', b'fifo again'))
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(root)
        listener.bind(b'a socket')
    if ROOT:
        os.mknod(os.path.join(root, b'a device'), stat.S_IFCHR | 0o620, os.makedev(1, 3))
        os.mknod(os.path.join(root, b'b device'), stat.S_IFBLK | 0o660, os.makedev(259, 70000))


def make_xattrs(root):
    def set_one(name, attribute, value):
        os.setxattr(os.path.join(root, name), attribute, value, follow_symlinks=False)

    set_one(b'plain', b'user.bytes', bytes(range(256)))
    set_one(b'plain', b'user.empty', b'')
    set_one(b'plain', b'user.\xff', b'name')
    set_one(b'many', b'user.long', b'long ' * 400)
    set_one(b'long', b'user.long', b'l' * 1000)
    set_one(b'', b'user.top', b'top')
    acl = struct.pack('<I', 2) + b''.join(
        struct.pack('<HHI', tag, mode, who)
        for tag, mode, who in [(1, 6, 2**32 - 1), (2, 4, 1234), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1), (32, 4, 2**32 - 1)])
    set_one(b'nothing', b'system.posix_acl_access', acl)
    if ROOT:
        set_one(b'symlink', b'trusted.link', b'on the link')
        set_one(b'a fifo', b'trusted.fifo', b'on the fifo')
        set_one(b'set-id', b'security.capability', struct.pack('<5I', 0x02000001, 1 << 10, 0, 0, 0))


def walk(path):
    yield path
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for name in sorted(os.listdir(path)):
            yield from walk(os.path.join(path, name))


def make(root):
    os.mkdir(root)
    make_files(root)
    make_specials(root)
    for i, path in enumerate(walk(root)):
        kind = os.lstat(path).st_mode
        if ROOT:
            os.lchown(path, 1000 + i % 5, 2000 + i % 3)
        if not stat.S_ISLNK(kind):
            owner = 0o700 if stat.S_ISDIR(kind) else 0o400
            os.chmod(path, owner | [0o644, 0o755, 0o4711, 0o2750, 0o1777, 0o6000, 0][i % 7])
    os.chmod(os.path.join(root, b'set-id'), 0o6755)
    make_xattrs(root)
    # Deepest first: a directory's time changes with its entries.
    for i, path in enumerate(reversed(list(walk(root)))):
        seconds = [1_500_000_000, -86_400 * 365, 4_000_000_000][i % 3] + i
        os.utime(path, ns=(seconds * 10**9 + 111, seconds * 10**9 + 999_999_999 - i), follow_symlinks=False)


def kept(name):
    return name.startswith(('user.', 'trusted.')) or name == 'security.capability'


def digest(data):
    return hashlib.sha256(data).hexdigest()[:24]


def content_of(path, stats):
    if stat.S_ISLNK(stats.st_mode):
        return digest(os.readlink(path))
    if not stat.S_ISREG(stats.st_mode):
        return None
    with open(path, 'rb') as file:
        return digest(file.read())


def line_of(path, name, first):
    stats = os.lstat(path)
    is_directory = stat.S_ISDIR(stats.st_mode)
    names = [os.fsdecode(n) for n in os.listxattr(path, follow_symlinks=False)]
    return {
        'path': name.decode('latin1'),
        'mode': oct(stats.st_mode),
        'owner': [stats.st_uid, stats.st_gid],
        'nlink': stats.st_nlink,
        'size': None if is_directory else stats.st_size,
        'sparse': stats.st_size > 1 << 20 and stats.st_blocks * 512 < stats.st_size // 2,
        'mtime': stats.st_mtime_ns,
        'rdev': stats.st_rdev,
        'content': content_of(path, stats),
        'same': first.setdefault(stats.st_ino, name.decode('latin1')),
        'xattrs': {
            os.fsencode(n).decode('latin1'): digest(os.getxattr(path, n, follow_symlinks=False))
            for n in sorted(names) if kept(n)
        },
    }


def show(root):
    first = {}
    for path in walk(root):
        print(json.dumps(line_of(path, path[len(root):], first)))


if __name__ == '__main__':
    {'make': make, 'list': show}[sys.argv[1]](os.fsencode(sys.argv[2]).rstrip(b'/'))
