"""Locks between processes: on two directories that show the same files, or on one given twice.

    lock-steps.py FIRST SECOND

Each step prints a line; the same lines must come from the host and from any mount whose locks hold there.
"""
import errno, fcntl, os, signal, struct, sys, time

FIRST, SECOND = sys.argv[1], sys.argv[2]
F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW = 36, 37, 38


def flock_struct(kind, start, length):
    return struct.pack('hhqqi4x', kind, 0, start, length, 0)


class Peer:
    """A process that does what it is told, one step at a time."""

    def __init__(self, directory):
        self.requests, theirs = os.pipe()
        mine, self.answers = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGALRM, lambda *_: None)
            os.chdir(directory)
            files = {}
            with os.fdopen(self.requests, 'rb', 0) as lines:
                for line in lines:
                    os.write(self.answers, repr(self.do(files, eval(line))).encode() + b'\n')
            os._exit(0)
        os.close(self.requests)
        os.close(self.answers)
        self.writer, self.reader = theirs, os.fdopen(mine, 'rb', 0)

    @staticmethod
    def do(files, step):
        verb, name, *rest = step
        try:
            if verb == 'open':
                files[name] = os.open(rest[0] if rest else name, os.O_RDWR | os.O_CREAT)
            elif verb == 'close':
                os.close(files.pop(name))
            elif verb == 'dup':
                os.close(os.dup(files[name]))
            elif verb == 'alarm':
                signal.setitimer(signal.ITIMER_REAL, 0.2)
            elif verb == 'lockf':
                fcntl.lockf(files[name], *rest)
            elif verb == 'flock':
                fcntl.flock(files[name], *rest)
            elif verb == 'get':
                kind, start, length, _, _ = struct.unpack('hhqqi4x', fcntl.fcntl(files[name], fcntl.F_GETLK, flock_struct(*rest)))[0:1] + struct.unpack('hhqqi4x', fcntl.fcntl(files[name], fcntl.F_GETLK, flock_struct(*rest)))[2:4] + (0, 0)
                return (kind, start, length) if kind != fcntl.F_UNLCK else 'free'
            elif verb == 'ofd':
                fcntl.fcntl(files[name], F_OFD_SETLK, flock_struct(*rest))
            return 'ok'
        except InterruptedError:
            return 'EINTR'
        except OSError as error:
            return errno.errorcode[error.errno]

    def start(self, *step):
        os.write(self.writer, repr(step).encode() + b'\n')

    def answer(self):
        return eval(self.reader.readline())

    def __call__(self, *step):
        self.start(*step)
        return self.answer()

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def say(name, value):
    print(f'{name}: {value}', flush=True)


SH, EX, NB, UN = fcntl.LOCK_SH, fcntl.LOCK_EX, fcntl.LOCK_NB, fcntl.LOCK_UN
a, b, c = Peer(FIRST), Peer(SECOND), Peer(SECOND)
a('open', 'f')
for peer in (b, c):
    for _ in range(200):
        if peer('open', 'f') == 'ok':
            break
say('exclusive', a('lockf', 'f', EX | NB, 10, 0))
say('in the way', b('lockf', 'f', SH | NB, 10, 5))
say('beside', b('lockf', 'f', EX | NB, 10, 10))
say('told', b('get', 'f', fcntl.F_WRLCK, 0, 3))
say('free', b('get', 'f', fcntl.F_WRLCK, 30, 3))
say('part unlocked', a('lockf', 'f', UN, 3, 4))
say('the part', b('lockf', 'f', EX | NB, 3, 4))
say('not the part', b('lockf', 'f', EX | NB, 4, 4))
b.start('lockf', 'f', EX, 2, 8)
time.sleep(0.1)
say('unlock for the waiter', a('lockf', 'f', UN, 10, 0))
say('waited', b.answer())
say('deadlock, first', a('lockf', 'f', EX | NB, 1, 100))
say('deadlock, second', b('lockf', 'f', EX | NB, 1, 101))
a.start('lockf', 'f', EX, 1, 101)
time.sleep(0.1)
say('deadlock', b('lockf', 'f', EX, 1, 100))
say('deadlock resolved', b('lockf', 'f', UN, 1, 101))
say('first goes on', a.answer())
say('closing another descriptor', (a('open', 'g', 'f'), a('close', 'g')))
say('lost all', b('lockf', 'f', EX | NB, 0, 100))
say('released', b('lockf', 'f', UN))
say('whole file', a('flock', 'f', EX))
say('whole file in the way', b('flock', 'f', SH | NB))
say('ranges beside it', b('lockf', 'f', EX | NB))
b('lockf', 'f', UN)
say('a copy closed', a('dup', 'f'))
say('still in the way', b('flock', 'f', SH | NB))
say('shared', a('flock', 'f', SH))
say('both', b('flock', 'f', SH | NB))
say('conversion', b('flock', 'f', EX | NB))
b('flock', 'f', UN)
c.start('flock', 'f', EX)
time.sleep(0.1)
say('closed', a('close', 'f'))
say('waited for the close', c.answer())
c('flock', 'f', UN)
a('open', 'f')
say('before the end', (a('flock', 'f', EX), a('lockf', 'f', EX)))
b.start('lockf', 'f', EX)
c.start('flock', 'f', EX)
time.sleep(0.1)
a.end()
say('killed', (b.answer(), c.answer()))
d = Peer(FIRST)
d('open', 'f')
d.start('lockf', 'f', EX)
time.sleep(0.1)
d.end()
say('a waiter killed', b('lockf', 'f', UN))
say('nothing left', (b('lockf', 'f', EX | NB), b('lockf', 'f', UN)))
e = Peer(FIRST)
e('open', 'f')
say('description', b('ofd', 'f', fcntl.F_WRLCK, 0, 5))
say('description in the way', e('lockf', 'f', EX | NB, 5, 0))
say('its last close', (b('close', 'f'), c('close', 'f')))
for _ in range(500):
    result = e('lockf', 'f', EX | NB, 5, 0)
    if result == 'ok':
        break
    time.sleep(0.01)
say('free then', result)
for peer in (b, c, e):
    peer.end()
