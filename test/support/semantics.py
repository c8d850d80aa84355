"""What a filesystem does, in lines of text: run on the host and on a mount, the two must be equal.

    semantics.py DIRECTORY [AREA...]

Run as root; with SEMANTICS_ROOT_ONLY set, steps of other users are left out. Each area works in a directory of its own; steps are done by root or, in a child, by another user.
A line tells the step, its outcome (a value, or the name of an errno) and what changed of the file's times.
"""
import ctypes, errno, fcntl, os, stat, struct, sys, time, traceback

libc = ctypes.CDLL(None, use_errno=True)
ALICE, BOB = (65534, 65534, ()), (1001, 1001, (65533, 65532))
ROOT = (0, 0, ())
ROOT_ONLY = 'SEMANTICS_ROOT_ONLY' in os.environ
AREAS = {}
AT_FDCWD, AT_EMPTY_PATH, AT_SYMLINK_FOLLOW = -100, 0x1000, 0x400


def area(function):
    AREAS[function.__name__] = function
    return function


def outcome(step):
    try:
        return step()
    except OSError as error:
        return errno.errorcode.get(error.errno, error.errno)


def as_user(user, step):
    """The outcome of a step done by another user, in a child."""
    if user == ROOT:
        return outcome(step)
    if ROOT_ONLY:
        return 'left out'
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            uid, gid, groups = user
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            os.write(writer, repr(outcome(step)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    text = b''
    while chunk := os.read(reader, 65536):
        text += chunk
    os.close(reader)
    os.waitpid(child, 0)
    return eval(text) if text else 'nothing'


def say(name, value):
    print(f'{name}: {value}')


def check(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def mode(path):
    return oct(os.lstat(path).st_mode)


def times(path):
    st = os.lstat(path)
    return {'atime': st.st_atime_ns, 'mtime': st.st_mtime_ns, 'ctime': st.st_ctime_ns}


def changed(paths, step, user=ROOT):
    """Outcome of a step and which times of which paths it changed; none may go back."""
    before = {os.lstat(path).st_ino: times(path) for path in paths}
    time.sleep(0.006)
    result = as_user(user, step)
    told = []
    for path in paths:
        if not os.path.lexists(path):
            told.append(f'{path} gone')
            continue
        after = times(path)
        was = before.get(os.lstat(path).st_ino)
        if was is None:
            told.append(f'{path} new')
            continue
        for name in ('mtime', 'ctime'):
            if after[name] != was[name]:
                told.append(f'{path} {name}' + ('' if after[name] > was[name] else ' BACK'))
    return f'{result} [{", ".join(told)}]'


def touch(path, mode=0o644, user=None):
    fd = os.open(path, os.O_CREAT | os.O_WRONLY, mode)
    os.fchmod(fd, mode)
    os.close(fd)
    if user:
        os.chown(path, user[0], user[1])


def write(path, data=b'x', flags=0):
    fd = os.open(path, os.O_WRONLY | flags)
    try:
        return os.write(fd, data)
    finally:
        os.close(fd)


def opened(path, flags, mode=0o644):
    os.close(os.open(path, flags, mode))
    return 'opened'


KINDS = {
    'file': lambda p: touch(p),
    'dir': lambda p: os.mkdir(p),
    'fifo': lambda p: os.mkfifo(p),
    'char': lambda p: os.mknod(p, stat.S_IFCHR | 0o644, os.makedev(1, 3)),
    'block': lambda p: os.mknod(p, stat.S_IFBLK | 0o644, os.makedev(259, 70000)),
    'socket': lambda p: os.mknod(p, stat.S_IFSOCK | 0o644),
    'symlink': lambda p: os.symlink('target', p),
}


@area
def kinds():
    os.umask(0o027)
    for kind, make in KINDS.items():
        say(kind, changed(['.'], lambda: make(kind)))
        st = os.lstat(kind)
        say(f'{kind} made', (oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink, st.st_rdev, st.st_size if kind != 'dir' else 0))
        if kind != 'file':
            say(f'{kind} has one time', st.st_atime_ns == st.st_mtime_ns == st.st_ctime_ns)
        say(f'{kind} again', outcome(lambda: make(kind)))
        for user in (ALICE, BOB):
            say(f'{kind} in a directory of root', as_user(user, lambda: make('other')))
    say('types', sorted((e.name, stat.S_IFMT(os.lstat(e.name).st_mode), e.is_dir(follow_symlinks=False), e.is_file(follow_symlinks=False), e.is_symlink()) for e in os.scandir('.')))
    os.mkdir('open', 0o777)
    os.chmod('open', 0o777)
    for kind, make in KINDS.items():
        say(f'{kind} by a user', as_user(ALICE, lambda: make(f'open/{kind}')))
    for name in sorted(os.listdir('open')):
        st = os.lstat(f'open/{name}')
        say(f'{name} of a user', (oct(st.st_mode), st.st_uid, st.st_gid))
    os.umask(0)
    for bits in (0o7777, 0o4755, 0o2770, 0o1777, 0):
        say(f'mkdir {bits:o}', (outcome(lambda: os.mkdir(f'd{bits:o}', bits)), mode(f'd{bits:o}')))
        say(f'open {bits:o}', (outcome(lambda: opened(f'f{bits:o}', os.O_CREAT | os.O_RDWR, bits)), mode(f'f{bits:o}')))
        say(f'mknod {bits:o}', (outcome(lambda: os.mknod(f'n{bits:o}', stat.S_IFREG | bits)), mode(f'n{bits:o}')))


@area
def names():
    for length in (254, 255, 256, 300, 4000):
        name = 'n' * length
        say(f'{length} lookup', outcome(lambda: os.stat(name)))
        say(f'{length} open', outcome(lambda: opened(name, os.O_CREAT | os.O_WRONLY)))
        say(f'{length} mkdir', outcome(lambda: os.mkdir(name + 'd')))
        say(f'{length} symlink', outcome(lambda: os.symlink('t', name + 's')))
        say(f'{length} rename', outcome(lambda: os.rename(name, 'm' * length)))
        say(f'{length} link', outcome(lambda: os.link('m' * length, name + 'l')))
        say(f'{length} unlink', outcome(lambda: os.unlink('m' * length)))
        say(f'{length} rmdir', outcome(lambda: os.rmdir(name + 'd')))
    deep = ('d' * 250 + '/') * 16
    path = ''
    for part in deep.split('/')[:-1]:
        path += part + '/'
        os.mkdir(path)
    for extra in (50, 78, 79, 80, 90, 255):
        full = path + 'f' * extra
        say(f'path of {len(full)}', outcome(lambda: opened(full, os.O_CREAT | os.O_WRONLY)))
        say(f'symlink path of {len(full)}', outcome(lambda: os.symlink('t', path + 's' * extra)))
    for length in (1, 255, 4094, 4095, 4096, 5000):
        say(f'target of {length}', outcome(lambda: os.symlink('t' * length, f's{length}')))
        say(f'read target of {length}', outcome(lambda: (len(os.readlink(f's{length}')), os.lstat(f's{length}').st_size)))
    say('empty target', outcome(lambda: os.symlink('', 'e')))
    for raw in (b'\xff\xfe', b'a\nb', 'ü'.encode(), b'\x01', b' ', b'-', b'a\\b'):
        say(f'bytes {raw}', outcome(lambda: os.close(os.open(raw, os.O_CREAT | os.O_WRONLY))))
    say('listed', sorted(n for n in os.listdir(b'.') if len(n) < 10))


@area
def errors():
    touch('file')
    os.mkdir('dir')
    touch('dir/in')
    os.symlink('loop', 'loop')
    os.symlink('a/b', 'a')
    os.symlink('nowhere', 'dangling')
    os.symlink('dir', 'to-dir')
    cases = {
        'stat': os.stat, 'chmod': lambda p: os.chmod(p, 0o600), 'chown': lambda p: os.chown(p, 0, 0),
        'lchown': lambda p: os.lchown(p, 0, 0), 'mkdir': os.mkdir, 'mkfifo': os.mkfifo,
        'mknod': lambda p: os.mknod(p, stat.S_IFCHR, 0), 'open': lambda p: opened(p, os.O_RDONLY),
        'create': lambda p: opened(p, os.O_CREAT | os.O_WRONLY), 'excl': lambda p: opened(p, os.O_CREAT | os.O_EXCL | os.O_WRONLY),
        'write': lambda p: opened(p, os.O_WRONLY), 'trunc': lambda p: opened(p, os.O_RDONLY | os.O_TRUNC),
        'directory': lambda p: opened(p, os.O_DIRECTORY), 'nofollow': lambda p: opened(p, os.O_NOFOLLOW),
        'path': lambda p: opened(p, os.O_PATH), 'path nofollow': lambda p: opened(p, os.O_PATH | os.O_NOFOLLOW),
        'truncate': lambda p: os.truncate(p, 5), 'unlink': os.unlink, 'rmdir': os.rmdir, 'utime': lambda p: os.utime(p),
        'symlink': lambda p: os.symlink('t', p), 'readlink': os.readlink, 'link from': lambda p: os.link(p, 'new', follow_symlinks=False),
        'link to': lambda p: os.link('keep', p), 'rename from': lambda p: os.rename(p, 'new2'),
        'rename file to': lambda p: os.rename('keep', p), 'rename dir to': lambda p: os.rename('keepdir', p), 'listdir': lambda p: len(os.listdir(p)),
        'tmpfile': lambda p: opened(p, os.O_TMPFILE | os.O_RDWR), 'getxattr': lambda p: os.getxattr(p, 'user.none'),
    }
    targets = ['file', 'dir', 'file/x', 'absent', 'absent/x', 'dir/absent', 'dir/in/x', 'loop', 'loop/x', 'a', 'dangling', 'to-dir', 'to-dir/in', '.', '..', 'dir/.', 'dir/..', 'dir/', 'file/', 'to-dir/', '', 'x' * 256, 'dir/' + 'x' * 256]
    for verb, step in cases.items():
        for target in targets:
            for name in ('file', 'keep'):
                if not os.path.lexists(name) or os.path.isdir(name):
                    outcome(lambda: os.rmdir(name))
                    touch(name)
            for name in ('dir', 'keepdir'):
                if not os.path.isdir(name):
                    outcome(lambda: os.unlink(name))
                    os.mkdir(name)
            touch('dir/in') if not os.path.lexists('dir/in') else None
            for name, to in (('loop', 'loop'), ('a', 'a/b'), ('dangling', 'nowhere'), ('to-dir', 'dir')):
                if not os.path.islink(name):
                    outcome(lambda: os.unlink(name))
                    outcome(lambda: os.rmdir(name))
                    os.symlink(to, name)
            for name in ('new', 'new2', 'nowhere', 'absent', 'dir/absent', 'absent'):
                outcome(lambda: os.unlink(name))
                outcome(lambda: os.rmdir(name))
            result = outcome(lambda: step(target))
            result = 'stat' if isinstance(result, os.stat_result) else result
            say(f'{verb} {target[:12]}', result)


@area
def permissions():
    os.chmod('.', 0o777)
    os.mkdir('closed', 0o700)
    touch('closed/f')
    os.mkdir('noexec', 0o700)
    os.chmod('noexec', 0o666)
    touch('noexec/f')
    os.mkdir('nowrite')
    touch('nowrite/f', 0o666)
    touch('mine', 0o600, ALICE)
    touch('bobs', 0o640, (0, 65533))
    touch('roots', 0o600)
    for user in (ALICE, BOB):
        who = user[0]
        for path in ('closed/f', 'noexec/f', 'nowrite/f', 'mine', 'bobs', 'roots'):
            for access in (os.R_OK, os.W_OK, os.X_OK):
                say(f'{who} access {path} {access}', as_user(user, lambda: os.access(path, access)))
            say(f'{who} read {path}', as_user(user, lambda: opened(path, os.O_RDONLY)))
            say(f'{who} write {path}', as_user(user, lambda: opened(path, os.O_WRONLY)))
            say(f'{who} stat {path}', as_user(user, lambda: os.stat(path).st_size))
            say(f'{who} chmod {path}', changed([path], lambda: os.chmod(path, 0o664), user))
            os.chmod(path, 0o600 if path in ('mine', 'roots') else 0o640)
            say(f'{who} utime now {path}', changed([path], lambda: os.utime(path), user))
            say(f'{who} utime set {path}', changed([path], lambda: os.utime(path, ns=(5, 5)), user))
            say(f'{who} truncate {path}', changed([path], lambda: os.truncate(path, 3), user))
            say(f'{who} chown {path}', as_user(user, lambda: os.chown(path, user[0], -1)))
            say(f'{who} chgrp {path}', as_user(user, lambda: os.chown(path, -1, 65532)))
            say(f'{who} link {path}', as_user(user, lambda: os.link(path, f'link{who}')))
            outcome(lambda: os.unlink(f'link{who}'))
            say(f'{who} setxattr {path}', as_user(user, lambda: os.setxattr(path, 'user.a', b'1')))
            say(f'{who} trusted {path}', as_user(user, lambda: os.setxattr(path, 'trusted.a', b'1')))
            say(f'{who} security {path}', as_user(user, lambda: os.setxattr(path, 'security.a', b'1')))
        for path in ('closed', 'noexec', 'nowrite'):
            say(f'{who} create in {path}', changed([path], lambda: opened(f'{path}/n', os.O_CREAT | os.O_WRONLY), user))
            say(f'{who} mkdir in {path}', as_user(user, lambda: os.mkdir(f'{path}/n')))
            say(f'{who} unlink in {path}', changed([path], lambda: os.unlink(f'{path}/f'), user))
            say(f'{who} rename in {path}', changed([path], lambda: os.rename(f'{path}/f', f'{path}/g'), user))
            say(f'{who} tmpfile in {path}', as_user(user, lambda: opened(path, os.O_TMPFILE | os.O_RDWR)))
            say(f'{who} list {path}', as_user(user, lambda: sorted(os.listdir(path))))
            say(f'{who} rmdir {path}', as_user(user, lambda: os.rmdir(path)))


@area
def sticky():
    os.chmod('.', 0o777)
    for owner in (ROOT, ALICE, BOB):
        os.mkdir('s')
        os.chown('s', owner[0], owner[1])
        os.chmod('s', 0o1777)
        for file_owner in (ROOT, ALICE, BOB):
            for kind in ('file', 'dir', 'symlink', 'fifo'):
                for user in (ALICE, BOB, ROOT):
                    for step in ('remove', 'rename', 'replace', 'into'):
                        KINDS[kind]('s/x')
                        os.lchown('s/x', file_owner[0], file_owner[1])
                        KINDS[kind]('y')
                        os.chown('y', user[0], user[1], follow_symlinks=False)
                        remove = os.rmdir if kind == 'dir' else os.unlink
                        action = {'remove': lambda: remove('s/x'), 'rename': lambda: os.rename('s/x', 's/z'), 'replace': lambda: os.rename('y', 's/x'), 'into': lambda: os.rename('s/x', 'moved')}[step]
                        say(f'dir of {owner[0]}, {kind} of {file_owner[0]}, {step} by {user[0]}', as_user(user, action))
                        for path in ('s/x', 's/z', 'y', 'moved'):
                            outcome(lambda: remove(path))
        os.rmdir('s')


@area
def setid():
    os.chmod('.', 0o777)
    for bits in (0o6777, 0o6745, 0o4644, 0o2755, 0o1755, 0o6711):
        steps = {
            'write': lambda: write('f'), 'append': lambda: write('f', flags=os.O_APPEND), 'nothing': lambda: write('f', b''),
            'truncate': lambda: os.truncate('f', 1), 'truncate same': lambda: os.truncate('f', 3), 'trunc': lambda: opened('f', os.O_WRONLY | os.O_TRUNC),
            'trunc rdonly': lambda: opened('f', os.O_RDONLY | os.O_TRUNC), 'direct': lambda: write('f', b'', os.O_DIRECT),
            'chown -1 -1': lambda: os.chown('f', -1, -1), 'lchown -1 -1': lambda: os.lchown('f', -1, -1), 'chgrp': lambda: os.chown('f', -1, 65533),
            'chown same': lambda: os.chown('f', os.stat('f').st_uid, os.stat('f').st_gid),
            'chmod': lambda: os.chmod('f', bits), 'utime': lambda: os.utime('f'), 'rename': lambda: (os.rename('f', 'g'), os.rename('g', 'f'))[0],
            'setxattr': lambda: os.setxattr('f', 'user.a', b'1'),
        }
        for user in (ROOT, BOB):
            for name, step in steps.items():
                for gid in (user[1], 65533, 4) if bits & 0o10 or bits & 0o2000 == 0 else (user[1], 65533):
                    touch('f', 0o666)
                    write('f', b'abc')
                    os.chown('f', user[0], gid)
                    os.chmod('f', bits | 0o600)
                    result = changed(['f'], step, user)
                    say(f'{bits:o} {name} by {user[0]} group {gid}', (result, mode('f'), os.stat('f').st_gid))
                    os.unlink('f')
    for user in (ROOT, BOB):
        for kind in ('dir', 'fifo'):
            KINDS[kind]('d')
            os.chown('d', user[0], user[1])
            os.chmod('d', 0o6777)
            say(f'{kind} chgrp by {user[0]}', (as_user(user, lambda: os.chown('d', -1, 65532 if user == BOB else 5)), mode('d')))
            say(f'{kind} chown -1 by {user[0]}', (changed(['d'], lambda: os.chown('d', -1, -1), user), mode('d')))
            (os.rmdir if kind == 'dir' else os.unlink)('d')
    for user in (ROOT, BOB, ALICE):
        touch('f', 0o755, user)
        for gid in (user[1], 65533, 7):
            os.chown('f', user[0], gid)
            for bits in (0o7777, 0o2755, 0o2644, 0o1644, 0o4711):
                say(f'chmod {bits:o} by {user[0]} group {gid}', (as_user(user, lambda: os.chmod('f', bits)), mode('f')))
        os.unlink('f')
    cap = struct.pack('<IIIII', 0x02000000, 1 << 10, 0, 0, 0)
    for name, step in {'write': lambda: write('f'), 'truncate': lambda: os.truncate('f', 9), 'chown': lambda: os.chown('f', 1, 1), 'chmod': lambda: os.chmod('f', 0o700), 'utime': lambda: os.utime('f')}.items():
        touch('f')
        os.setxattr('f', 'security.capability', cap)
        step()
        say(f'capability after {name}', outcome(lambda: os.getxattr('f', 'security.capability')))
        os.unlink('f')


@area
def setgid_directories():
    os.umask(0o022)
    for gid in (0, 65533, 1001, 7):
        os.mkdir('d')
        os.chown('d', -1, gid)
        os.chmod('d', 0o2777)
        for user in (ROOT, ALICE, BOB):
            steps = {
                'mkdir': lambda: os.mkdir('d/x', 0o2775), 'open': lambda: opened('d/x', os.O_CREAT | os.O_WRONLY, 0o2775),
                'noexec': lambda: opened('d/x', os.O_CREAT | os.O_WRONLY, 0o2664), 'mknod': lambda: os.mknod('d/x', stat.S_IFREG | 0o2775),
                'fifo': lambda: os.mkfifo('d/x', 0o2775), 'symlink': lambda: os.symlink('t', 'd/x'),
            }
            for name, step in steps.items():
                result = as_user(user, step)
                st = os.lstat('d/x')
                say(f'{name} by {user[0]} in group {gid}', (result, oct(st.st_mode), st.st_uid, st.st_gid))
                (os.rmdir if name == 'mkdir' else os.unlink)('d/x')

            def temporary():
                fd = os.open('d', os.O_TMPFILE | os.O_RDWR, 0o2775)
                st = os.fstat(fd)
                return (oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink)
            say(f'tmpfile by {user[0]} in group {gid}', as_user(user, temporary))
        os.rmdir('d')


@area
def time_rules():
    touch('f')
    write('f', b'abc')
    os.mkdir('d')
    os.mkdir('e')
    touch('d/x')
    os.symlink('f', 'l')
    os.mkfifo('p')
    steps = {
        'write': lambda: write('f'), 'write nothing': lambda: write('f', b''), 'append': lambda: write('f', b'abc', os.O_APPEND),
        'read': lambda: os.close(os.open('f', os.O_RDONLY)), 'truncate same': lambda: os.truncate('f', os.stat('f').st_size),
        'truncate': lambda: os.truncate('f', 2), 'grow': lambda: os.truncate('f', 10),
        'ftruncate same': lambda: ftruncate('f', 10), 'ftruncate': lambda: ftruncate('f', 4),
        'O_TRUNC': lambda: opened('f', os.O_WRONLY | os.O_TRUNC), 'O_TRUNC empty': lambda: opened('f', os.O_WRONLY | os.O_TRUNC),
        'chmod': lambda: os.chmod('f', 0o644), 'chown': lambda: os.chown('f', 0, 0), 'chown -1': lambda: os.chown('f', -1, -1),
        'lchown -1': lambda: os.lchown('l', -1, -1), 'lchown': lambda: os.lchown('l', 5, 5),
        'link': lambda: os.link('f', 'f2'), 'rename': lambda: os.rename('f2', 'f3'), 'rename same node': lambda: os.rename('f', 'f3'),
        'unlink': lambda: os.unlink('f3'), 'link exists': lambda: os.link('f', 'p'), 'unlink absent': lambda: os.unlink('zz'),
        'mkdir': lambda: os.mkdir('d/n'), 'mkdir exists': lambda: os.mkdir('d/n'), 'rmdir': lambda: os.rmdir('d/n'), 'rmdir full': lambda: os.rmdir('d'),
        'create': lambda: opened('d/c', os.O_CREAT | os.O_WRONLY), 'create existing': lambda: opened('d/c', os.O_CREAT | os.O_WRONLY),
        'move': lambda: os.rename('d/c', 'e/c'), 'move dir': lambda: os.rename('e', 'd/e'), 'move back': lambda: os.rename('d/e', 'e'),
        'replace': lambda: os.rename('e/c', 'd/x'), 'symlink': lambda: os.symlink('t', 'd/s'), 'readlink': lambda: os.readlink('d/s'),
        'mknod': lambda: os.mkfifo('d/p'), 'rename onto dir': lambda: os.rename('f', 'd'), 'rename dir onto full': lambda: os.rename('e', 'd'),
        'setxattr': lambda: os.setxattr('f', 'user.a', b'1'), 'getxattr': lambda: os.getxattr('f', 'user.a'), 'removexattr': lambda: os.removexattr('f', 'user.a'), 'removexattr absent': lambda: os.removexattr('f', 'user.a'),
        'utime': lambda: os.utime('f'), 'utime dir': lambda: os.utime('d'), 'utime link': lambda: os.utime('l', follow_symlinks=False),
        'tmpfile': lambda: opened('d', os.O_TMPFILE | os.O_RDWR), 'listdir': lambda: len(os.listdir('d')),
        'write again': lambda: write('f', b'x'), 'fsync': lambda: fsync('f'),
    }
    for name, step in steps.items():
        paths = [p for p in ('.', 'f', 'd', 'e', 'l', 'p', 'd/x') if os.path.lexists(p)]
        say(name, changed(paths, step))


def ftruncate(path, size):
    fd = os.open(path, os.O_RDWR)
    os.ftruncate(fd, size)
    os.close(fd)


def fsync(path):
    fd = os.open(path, os.O_RDWR)
    os.fsync(fd)
    os.close(fd)


@area
def utimensat():
    os.chmod('.', 0o777)
    NOW, OMIT = (1 << 30) - 1, (1 << 30) - 2

    def call(path, atime, mtime, flags=0):
        spec = struct.pack('qqqq', *atime, *mtime)
        check(libc.utimensat(AT_FDCWD, path.encode(), spec, flags))

    def told(path, before):
        st = os.lstat(path)
        part = lambda ns, old: ns if ns < 4_600_000_000_000_000_000 and abs(ns - time.time_ns()) > 60_000_000_000 else ('now' if ns != old else 'same')
        return part(st.st_atime_ns, before.st_atime_ns), part(st.st_mtime_ns, before.st_mtime_ns), st.st_ctime_ns != before.st_ctime_ns

    values = [((1, 2), (3, 4)), ((0, NOW), (0, NOW)), ((0, OMIT), (0, OMIT)), ((0, OMIT), (7, 999_999_999)), ((0, NOW), (0, OMIT)), ((5, 0), (0, NOW)), ((0, OMIT), (0, NOW)),
              ((-5, 5), (2**32 + 5, 6)), ((2**33, 1), (2**31, 2)), ((1, 10**9), (1, 1)), ((1, -1), (1, 1)), ((0, NOW), (9, 9))]
    for kind in ('file', 'dir', 'symlink', 'fifo'):
        for owner, bits in ((ROOT, 0o644), (ALICE, 0o400), (BOB, 0o666), (BOB, 0o644)):
            for user in (ROOT, ALICE):
                for atime, mtime in values:
                    KINDS[kind]('x')
                    os.chown('x', owner[0], owner[1], follow_symlinks=False)
                    if kind != 'symlink':
                        os.chmod('x', bits)
                    os.utime('x', ns=(10**9, 10**9), follow_symlinks=False)
                    before = os.lstat('x')
                    time.sleep(0.005)
                    result = as_user(user, lambda: call('x', atime, mtime, 0x100))
                    say(f'{kind} of {owner[0]} {bits:o} by {user[0]} {atime} {mtime}', (result, told('x', before)))
                    (os.rmdir if kind == 'dir' else os.unlink)('x')
    touch('n')
    os.utime('n')
    st = os.stat('n')
    say('utime now: all three equal', st.st_atime_ns == st.st_mtime_ns == st.st_ctime_ns)


@area
def renames():
    def renameat2(old, new, flags):
        check(libc.renameat2(AT_FDCWD, old.encode(), AT_FDCWD, new.encode(), flags))

    def tree():
        return [(p, oct(os.lstat(p).st_mode), os.lstat(p).st_nlink, os.lstat(p).st_rdev) for p in ('a', 'b') if os.path.lexists(p)]

    def clear():
        for path in ('a/in', 'b/in', 'a', 'b'):
            outcome(lambda: os.unlink(path))
            outcome(lambda: os.rmdir(path))
    makers = dict(KINDS)
    makers['full'] = lambda p: (os.mkdir(p), touch(f'{p}/in'))
    makers['none'] = lambda p: None
    makers['hard'] = lambda p: os.link('base', p)
    touch('base')
    for first in makers:
        for second in makers:
            for flags in range(8):
                if second == 'full' and flags == 4:
                    continue  # ext4 sets the directory's times before it refuses.
                makers[first]('a')
                makers[second]('b')
                say(f'{first} to {second} flags {flags}', (changed([p for p in ('.', 'a', 'b') if os.path.lexists(p)], lambda: renameat2('a', 'b', flags)), tree()))
                clear()
    os.makedirs('p/q/r')
    for old, new in (('p', 'p/q/x'), ('p', 'p/q'), ('p/q/r', 'p'), ('p', 'p'), ('p/.', 'x'), ('p/..', 'x'), ('p/q', 'p/q/r/.'), ('base', 'p/q/r/..'), ('.', 'x')):
        for flags in (0, 2):
            say(f'{old} into {new} {flags}', outcome(lambda: renameat2(old, new, flags)))
    say('links', [os.stat(p).st_nlink for p in ('.', 'p', 'p/q', 'p/q/r')])
    os.mkdir('other')
    os.rename('p/q', 'other/q')
    say('links after a move', [os.stat(p).st_nlink for p in ('.', 'p', 'other', 'other/q')])
    say('parent after a move', os.stat('other/q/..').st_ino == os.stat('other').st_ino)


@area
def links():
    for kind, make in KINDS.items():
        make('a')
        say(f'{kind} link', changed(['.', 'a'], lambda: os.link('a', 'b', follow_symlinks=False)))
        if kind != 'dir':
            os.chmod('a', 0o600) if kind != 'symlink' else None
            os.lchown('b', 3, 4)
            one, two = os.lstat('a'), os.lstat('b')
            say(f'{kind} same', (one.st_ino == two.st_ino, one == two, one.st_nlink))
            say(f'{kind} unlink', (changed(['b'], lambda: os.unlink('a')), os.lstat('b').st_nlink))
            os.unlink('b')
        else:
            os.rmdir('a')
    touch('f')
    fd = os.open('f', os.O_RDWR)
    os.link('f', 'g')
    os.unlink('f')
    say('nlink', os.fstat(fd).st_nlink)
    os.unlink('g')
    say('nlink gone', os.fstat(fd).st_nlink)
    say('link of an unlinked file', outcome(lambda: os.link(f'/proc/self/fd/{fd}', 'h', follow_symlinks=True)))
    os.write(fd, b'more')
    os.ftruncate(fd, 2)
    os.fchmod(fd, 0o640)
    os.fchown(fd, 5, 6)
    os.utime(fd, ns=(7, 8))
    os.fsync(fd)
    st = os.fstat(fd)
    say('alive', (os.pread(fd, 10, 0), oct(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns))
    touch('victim')
    touch('over')
    held = os.open('victim', os.O_RDWR)
    os.rename('over', 'victim')
    say('replaced', (os.fstat(held).st_nlink, outcome(lambda: os.write(held, b'x'))))
    os.mkdir('gone')
    held = os.open('gone', os.O_RDONLY | os.O_DIRECTORY)
    os.rmdir('gone')
    say('removed directory', (os.fstat(held).st_nlink, outcome(lambda: os.listdir(held)), outcome(lambda: os.mkdir('x', dir_fd=held)), outcome(lambda: os.open('x', os.O_CREAT | os.O_WRONLY, dir_fd=held))))


@area
def tmpfiles():
    os.chmod('.', 0o777)
    os.umask(0o027)
    for user in (ROOT, ALICE):
        def whole():
            fd = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o666)
            before = os.fstat(fd)
            os.write(fd, b'text')
            os.link(f'/proc/self/fd/{fd}', f'named{user[0]}', follow_symlinks=True)
            after = os.fstat(fd)
            return before.st_nlink, oct(before.st_mode), before.st_uid, after.st_nlink, after.st_size, outcome(lambda: os.link(f'/proc/self/fd/{fd}', 'second', follow_symlinks=True)), os.fstat(fd).st_nlink
        say(f'by {user[0]}', as_user(user, whole))
        say('content', open(f'named{user[0]}').read())
        outcome(lambda: os.unlink('second'))

        def exclusive():
            fd = os.open('.', os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)
            return outcome(lambda: os.link(f'/proc/self/fd/{fd}', 'never', follow_symlinks=True))
        say(f'exclusive by {user[0]}', as_user(user, exclusive))
    say('read only', outcome(lambda: opened('.', os.O_TMPFILE | os.O_RDONLY)))
    say('empty path', outcome(lambda: empty_path()))
    say('listed', sorted(os.listdir('.')))


def empty_path():
    fd = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o600)
    check(libc.linkat(fd, b'', AT_FDCWD, b'byfd', AT_EMPTY_PATH))
    return os.stat('byfd').st_nlink


def acl(*entries):
    tags = {'u': 1, 'U': 2, 'g': 4, 'G': 8, 'm': 16, 'o': 32}
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', tags[t], p, i if t in 'UG' else 0xffffffff) for t, p, i in entries)


FULL = acl(('u', 7, 0), ('U', 5, 65534), ('g', 4, 0), ('G', 6, 65533), ('m', 7, 0), ('o', 1, 0))
NARROW = acl(('u', 7, 0), ('U', 7, 65534), ('g', 7, 0), ('m', 4, 0), ('o', 0, 0))
MINIMAL = acl(('u', 6, 0), ('g', 4, 0), ('o', 4, 0))
A, D = 'system.posix_acl_access', 'system.posix_acl_default'


@area
def access_lists():
    os.umask(0o022)
    os.chmod('.', 0o777)
    invalid = [b'', b'\x02\0\0\0', b'\x02\0\0', struct.pack('<I', 1) + FULL[4:], FULL + b'x', acl(('u', 7, 0)), acl(('u', 7, 0), ('U', 5, 1), ('g', 4, 0), ('o', 1, 0)),
               acl(('u', 7, 0), ('g', 4, 0), ('o', 9, 0)), acl(('g', 4, 0), ('u', 7, 0), ('o', 1, 0)), acl(('u', 7, 0), ('u', 7, 0), ('g', 4, 0), ('o', 1, 0)), acl(('u', 7, 0), ('g', 4, 0), ('m', 4, 0), ('m', 4, 0), ('o', 1, 0))]
    for kind in ('file', 'dir', 'fifo', 'symlink'):
        KINDS[kind]('x')
        for name in (A, D):
            say(f'{kind} none {name}', outcome(lambda: os.getxattr('x', name, follow_symlinks=False)))
            say(f'{kind} remove none {name}', changed(['x'], lambda: os.removexattr('x', name, follow_symlinks=False)))
            for value in (FULL, NARROW, MINIMAL, *invalid):
                say(f'{kind} set {name} {value.hex()}', (changed(['x'], lambda: os.setxattr('x', name, value, follow_symlinks=False)), mode('x'), outcome(lambda: os.getxattr('x', name, follow_symlinks=False).hex()), sorted(os.listxattr('x', follow_symlinks=False))))
            say(f'{kind} by another {name}', as_user(ALICE, lambda: os.setxattr('x', name, FULL, follow_symlinks=False)))
        if kind != 'symlink':
            os.setxattr('x', A, FULL)
            for bits in (0o700, 0o751, 0o000, 0o2777, 0o644):
                os.chmod('x', bits)
                say(f'{kind} chmod {bits:o}', (mode('x'), os.getxattr('x', A).hex()))
            os.removexattr('x', A)
            say(f'{kind} removed', mode('x'))
        (os.rmdir if kind == 'dir' else os.unlink)('x')
    touch('secret', 0o600)
    write('secret', b'abc')
    for value in (FULL, NARROW, MINIMAL):
        os.setxattr('secret', A, value)
        for user in (ALICE, BOB):
            say(f'{user[0]} under {value.hex()}', [as_user(user, lambda: os.access('secret', bit)) for bit in (4, 2, 1)] + [as_user(user, lambda: opened('secret', flags)) for flags in (os.O_RDONLY, os.O_WRONLY)])
        os.chmod('secret', 0o600)
        say('after chmod 600', [as_user(user, lambda: os.access('secret', 4)) for user in (ALICE, BOB)])
    for gid in (1001, 65533, 9):
        touch('sg', 0o755, (1001, gid))
        os.chmod('sg', 0o2755)
        say(f'list on set-group-ID of group {gid}', (as_user(BOB, lambda: os.setxattr('sg', A, FULL)), mode('sg')))
        os.unlink('sg')


@area
def inherited_lists():
    os.umask(0o027)
    for name, value in (('full', FULL), ('narrow', NARROW), ('minimal', MINIMAL)):
        os.mkdir(name)
        os.chmod(name, 0o2777)
        os.setxattr(name, D, value)
        for bits in (0o666, 0o777, 0o600, 0o4711, 0):
            for kind, make in {'file': lambda p: opened(p, os.O_CREAT | os.O_WRONLY, bits), 'dir': lambda p: os.mkdir(p, bits), 'fifo': lambda p: os.mkfifo(p, bits), 'node': lambda p: os.mknod(p, stat.S_IFREG | bits), 'symlink': lambda p: os.symlink('t', p)}.items():
                path = f'{name}/{kind}'
                make(path)
                say(f'{path} {bits:o}', (mode(path), [outcome(lambda: os.getxattr(path, x, follow_symlinks=False).hex()) for x in (A, D)]))
                (os.rmdir if kind == 'dir' else os.unlink)(path)
            fd = os.open(name, os.O_TMPFILE | os.O_RDWR, bits)
            say(f'{name} tmpfile {bits:o}', (oct(os.fstat(fd).st_mode), [outcome(lambda: os.getxattr(fd, x).hex()) for x in (A, D)]))
            os.close(fd)
        say(f'{name} by a user', (as_user(ALICE, lambda: os.mkdir(f'{name}/u')), mode(f'{name}/u'), outcome(lambda: os.getxattr(f'{name}/u', D).hex())))
        os.mkdir(f'{name}/u/v')
        say(f'{name} second level', (mode(f'{name}/u/v'), outcome(lambda: os.getxattr(f'{name}/u/v', D).hex())))
        os.removexattr(name, D)
        touch(f'{name}/plain')
        os.mkdir(f'{name}/after')
        say(f'{name} afterwards', (mode(f'{name}/after'), os.listxattr(f'{name}/after')))


@area
def opens():
    os.chmod('.', 0o777)
    touch('f', 0o666)
    write('f', b'abc')
    os.symlink('f', 'l')
    os.mkdir('d')
    for name, flags in {'O_RDONLY|O_TRUNC': os.O_RDONLY | os.O_TRUNC, 'O_CREAT|O_EXCL on a link': os.O_CREAT | os.O_EXCL, 'O_NOFOLLOW': os.O_NOFOLLOW, 'O_NOFOLLOW|O_CREAT': os.O_NOFOLLOW | os.O_CREAT, 'O_PATH|O_NOFOLLOW': os.O_PATH | os.O_NOFOLLOW, 'O_DIRECTORY': os.O_DIRECTORY, 'O_NOATIME': os.O_NOATIME, 'O_DIRECT': os.O_DIRECT, 'O_SYNC': os.O_SYNC | os.O_WRONLY, 'O_DSYNC': os.O_DSYNC | os.O_WRONLY, 'O_APPEND|O_TRUNC': os.O_APPEND | os.O_TRUNC | os.O_WRONLY}.items():
        for path in ('f', 'l', 'd'):
            say(f'{name} {path}', (outcome(lambda: opened(path, flags)), os.stat('f').st_size))
            write('f', b'abc')
    for user in (ALICE, ROOT):
        say(f'noatime by {user[0]}', as_user(user, lambda: opened('f', os.O_NOATIME)))

    def mode_none():
        fd = os.open('z', os.O_CREAT | os.O_RDWR, 0)
        return os.write(fd, b'x'), os.pread(fd, 1, 0), oct(os.fstat(fd).st_mode)
    say('a file without permissions, made by a user', as_user(ALICE, mode_none))
    say('opened again', as_user(ALICE, lambda: opened('z', os.O_RDWR)))
    fd = os.open('f', os.O_PATH)
    say('O_PATH', [outcome(step) for step in (lambda: os.read(fd, 1), lambda: os.fchmod(fd, 0o600), lambda: os.fchown(fd, 0, 0), lambda: os.fstat(fd).st_size, lambda: os.ftruncate(fd, 0), lambda: os.utime(fd), lambda: os.fsync(fd))])
    say('re-opened', outcome(lambda: opened(f'/proc/self/fd/{fd}', os.O_RDWR)))
    os.mkfifo('p')
    say('fifo nonblock write', outcome(lambda: opened('p', os.O_WRONLY | os.O_NONBLOCK)))
    say('fifo nonblock read', outcome(lambda: opened('p', os.O_RDONLY | os.O_NONBLOCK)))
    os.mknod('s', stat.S_IFSOCK | 0o666)
    say('socket', outcome(lambda: opened('s', os.O_RDONLY)))
    os.mknod('nodev', stat.S_IFCHR | 0o666, os.makedev(199, 7))
    say('device without a driver', outcome(lambda: opened('nodev', os.O_RDONLY)) in ('ENXIO', 'EACCES'))
    big = os.open('big', os.O_CREAT | os.O_RDWR)
    for size in (2**31, 2**40, 2**43):
        say(f'sparse {size}', outcome(lambda: (os.ftruncate(big, size), os.fstat(big).st_size, os.pread(big, 1, size - 1))[1:]))
    for size in (-1,):
        say(f'size {size}', outcome(lambda: os.ftruncate(big, size)))
    say('truncate a directory', outcome(lambda: os.truncate('d', 0)))
    say('truncate through a link', outcome(lambda: (os.truncate('l', 1), os.stat('f').st_size)[1]))
    rd = os.open('f', os.O_RDONLY)
    say('ftruncate read-only', outcome(lambda: os.ftruncate(rd, 0)))
    say('write read-only', outcome(lambda: os.write(rd, b'x')))
    wr = os.open('f', os.O_WRONLY)
    say('read write-only', outcome(lambda: os.read(wr, 1)))
    with open('prog', 'wb') as f:
        f.write(open('/bin/true', 'rb').read())
    os.chmod('prog', 0o755)
    held = os.open('prog', os.O_WRONLY)

    def run():
        pid = os.fork()
        if pid == 0:
            try:
                os.execv('./prog', ['prog'])
            except OSError as error:
                os._exit(error.errno)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    say('run while written', errno.errorcode.get(run()))
    os.close(held)
    say('run', run())


@area
def xattrs():
    KINDS['file']('f')
    KINDS['dir']('d')
    KINDS['symlink']('l')
    KINDS['fifo']('p')
    for path in ('f', 'd', 'l', 'p'):
        for name in ('user.a', 'trusted.a', 'security.a', 'system.a', 'other.a', 'user.', 'user.' + 'x' * 250, 'user.' + 'x' * 251):
            say(f'{path} {name[:12]} {len(name)}', (outcome(lambda: os.setxattr(path, name, b'v', follow_symlinks=False)), outcome(lambda: os.getxattr(path, name, follow_symlinks=False)), outcome(lambda: os.removexattr(path, name, follow_symlinks=False)), outcome(lambda: os.removexattr(path, name, follow_symlinks=False))))
    say('create', outcome(lambda: os.setxattr('f', 'user.b', b'1', os.XATTR_CREATE)))
    say('create again', outcome(lambda: os.setxattr('f', 'user.b', b'1', os.XATTR_CREATE)))
    say('replace absent', outcome(lambda: os.setxattr('f', 'user.c', b'1', os.XATTR_REPLACE)))
    say('replace', outcome(lambda: os.setxattr('f', 'user.b', b'', os.XATTR_REPLACE)))
    say('empty', outcome(lambda: os.getxattr('f', 'user.b')))
    say('big', outcome(lambda: os.setxattr('f', 'user.big', b'x' * 65537)))
    os.chmod('d', 0o1777)
    for user in (ALICE, BOB):
        say(f'sticky directory by {user[0]}', as_user(user, lambda: os.setxattr('d', 'user.s', b'1')))
    say('trusted is hidden', as_user(ALICE, lambda: (os.listxattr('f'), outcome(lambda: os.getxattr('f', 'trusted.z')))))


@area
def handles():
    """name_to_handle_at and open_by_handle_at."""
    os.makedirs('d/e')
    touch('d/e/f')

    class Handle(ctypes.Structure):
        _fields_ = [('bytes', ctypes.c_uint), ('type', ctypes.c_int), ('data', ctypes.c_ubyte * 128)]
    root = os.open('.', os.O_RDONLY)
    for path in ('.', 'd', 'd/e', 'd/e/f'):
        handle, mount = Handle(bytes=128), ctypes.c_int()
        check(libc.name_to_handle_at(AT_FDCWD, path.encode(), ctypes.byref(handle), ctypes.byref(mount), 0))
        fd = outcome(lambda: check(libc.open_by_handle_at(root, ctypes.byref(handle), os.O_RDONLY)))
        say(path, os.fstat(fd).st_ino == os.stat(path).st_ino if isinstance(fd, int) else fd)
        if path == 'd/e/f':
            os.unlink(path)
            os.close(fd)

            def again():
                os.close(check(libc.open_by_handle_at(root, ctypes.byref(handle), os.O_RDONLY)))
                return 'opened'
            # A FUSE kernel tells of the last close in the background and knows the file until then.
            for _ in range(200):
                result = outcome(again)
                if result != 'opened':
                    break
                time.sleep(0.01)
            say('after unlink', result)


@area
def flags():
    GET, SET, VERSION, UNKNOWN = 0x80086601, 0x40086602, 0x80087601, 0x80086642
    touch('f')
    os.mkdir('d')
    for path in ('f', 'd'):
        fd = os.open(path, os.O_RDONLY)
        say(f'{path} flags', outcome(lambda: struct.unpack('I', fcntl.ioctl(fd, GET, b'\0' * 8)[:4])[0] & 0x30))
        say(f'{path} unknown', outcome(lambda: fcntl.ioctl(fd, UNKNOWN, b'\0' * 8)))
        say(f'{path} tty', outcome(lambda: fcntl.ioctl(fd, 0x5401, b'\0' * 64)))
        say(f'{path} version', outcome(lambda: len(fcntl.ioctl(fd, VERSION, b'\0' * 8))))
        say(f'{path} set the same', outcome(lambda: fcntl.ioctl(fd, SET, fcntl.ioctl(fd, GET, b'\0' * 8)) and 'set'))


def run(name, base):
    os.chdir(os.path.join(base, name))
    os.umask(0o022)
    print(f'== {name}')
    try:
        AREAS[name]()
    except OSError as error:
        line = traceback.extract_tb(error.__traceback__)[-1].lineno
        say(f'{name} ended by', f'{error} in line {line}')
    sys.stdout.flush()


def main():
    """All areas at once, told one after the other."""
    base, names = os.path.abspath(sys.argv[1]), sys.argv[2:] or list(AREAS)
    # A mount of root alone says that lists are not supported until the store has seen one.
    listed = os.path.join(base, 'listed')
    touch(listed)
    os.setxattr(listed, A, FULL)
    os.unlink(listed)
    for name in names:
        os.mkdir(os.path.join(base, name))
    readers = []
    for name in names:
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.dup2(writer, 1)
            os.close(reader)
            os.close(writer)
            run(name, base)
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    for reader in readers:
        while chunk := os.read(reader, 65536):
            os.write(1, chunk)
        os.wait()


main()
