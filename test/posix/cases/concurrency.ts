/** Several processes at once on the same names: each call happens whole, in some order. */
import type { CallName, Calls } from '../calls.ts';
import { ALICE, BOB, CAROL, type Directory } from '../directory.ts';
import type { Suite } from '../run.ts';

const ROUNDS = 25;

/** How often each outcome came. */
function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** In each round, all processes make the same call at once: one succeeds, the others fail with `error`. */
async function race<N extends CallName>(
  d: Directory,
  error: string,
  name: N,
  args: (round: number, process: number) => Calls[N],
): Promise<void> {
  const processes = [d.other(), d.other(), d.other()];
  for (let round = 0; round < ROUNDS; round++) {
    const outcomes = await Promise.all(processes.map((each, k) => each.outcome(name, ...args(round, k))));
    d.is(tally(outcomes), { success: 1, [error]: 2 }, `round ${round} of ${name}: one succeeds, two get ${error}`);
  }
}

export const suite: Suite = {
  about: 'concurrency',
  cases: {
    async 'one of several processes makes a file that none had'(d) {
      await race(d, 'EEXIST', 'open', (round) => [`f${round}`, 'O_CREAT|O_EXCL|O_WRONLY', 0o644]);
    },
    async 'one makes a directory, a link, a symbolic link'(d) {
      await race(d, 'EEXIST', 'mkdir', (round) => [`x${round}`, 0o755]);
      await race(d, 'EEXIST', 'symlink', (round) => ['target', `s${round}`]);
      await d.file('f');
      await race(d, 'EEXIST', 'link', (round) => ['f', `l${round}`]);
      await d.stat('f', { nlink: ROUNDS + 1 });
    },
    async 'one removes or renames what is there'(d) {
      for (let round = 0; round < ROUNDS; round++) {
        await d.file(`f${round}`);
        await d.dir(`x${round}`);
        await d.file(`r${round}`);
      }
      await race(d, 'ENOENT', 'unlink', (round) => [`f${round}`]);
      await race(d, 'ENOENT', 'rmdir', (round) => [`x${round}`]);
      await race(d, 'ENOENT', 'rename', (round, process) => [`r${round}`, `r${round}-${process}`]);
      const names = await d.do('list', '.');
      d.is(names.length / 3, ROUNDS + 2, 'each renamed file has one name');
    },
    async 'a name that is replaced over and over is never missing, and always whole'(d) {
      const writer = d.other();
      await d.file('f', { content: 'x'.repeat(1000) });
      const outcomes: Promise<string>[] = [];
      const texts: Promise<string>[] = [];
      for (let i = 0; i < 60; i++) {
        for (const call of [
          () => writer.do('open', 'new', 'O_CREAT|O_TRUNC|O_RDWR', 0o644),
          () => writer.do('write', 3, `${i % 10}`.repeat(1000)),
          () => writer.do('close', 3),
          () => writer.do('rename', 'new', 'f'),
        ]) {
          void call();
        }
        outcomes.push(d.outcome('lstat', 'f'), d.outcome('access', 'f', 'R_OK'));
        void d.do('open', 'f', 'O_RDONLY');
        texts.push(d.do('read', 3, 2000));
        void d.do('close', 3);
      }
      d.is(tally(await Promise.all(outcomes)), { success: 120 }, 'it is there each time');
      const whole = (await Promise.all(texts)).filter((text) => text === (text[0] as string).repeat(1000));
      d.is(whole.length, 60, 'its content is that of one writer each time');
    },
    async 'directories that are moved into each other never become a circle'(d) {
      const [a, b] = [d.other(), d.other()];
      for (let round = 0; round < ROUNDS; round++) {
        await d.dir('p');
        await d.dir('q');
        const outcomes = await Promise.all([a.outcome('rename', 'p', 'q/p'), b.outcome('rename', 'q', 'p/q')]);
        d.is(outcomes.filter((outcome) => outcome === 'success').length, 1, `round ${round}: one of both moves`);
        const inQ = outcomes[0] === 'success';
        await d.do('rmdir', inQ ? 'q/p' : 'p/q');
        await d.do('rmdir', inQ ? 'q' : 'p');
      }
    },
    async 'links are counted right when they come and go at once'(d) {
      await d.file('f');
      const processes = [d.other(), d.other(), d.other()];
      await Promise.all(
        processes.map(async (each, k) => {
          for (let i = 0; i < 40; i++) {
            await each.do('link', 'f', `${k}-${i}`);
            if (i % 2 === 0) await each.do('unlink', `${k}-${i}`);
          }
        }),
      );
      await d.stat('f', { nlink: 61 });
    },
    async 'a directory that many fill and empty counts right'(d) {
      await d.dir('x');
      const processes = [d.other(), d.other(), d.other()];
      await Promise.all(
        processes.map(async (each, k) => {
          for (let i = 0; i < 40; i++) {
            await each.do('mkdir', `x/${k}-${i}`, 0o755);
            if (i % 4 !== 0) await each.do('rmdir', `x/${k}-${i}`);
          }
        }),
      );
      await d.stat('x', { nlink: 32 });
      const names = await d.do('list', 'x');
      d.is(names.length / 3, 32, 'as many entries as links');
    },
    async 'each process has its own umask'(d) {
      const [a, b] = [d.other(), d.other()];
      await a.do('umask', 0o077);
      await b.do('umask', 0o002);
      for (let i = 0; i < ROUNDS; i++) {
        await Promise.all([a.do('mkdir', `a${i}`, 0o777), b.do('mkdir', `b${i}`, 0o777)]);
        await d.stat(`a${i}`, { mode: 0o700 });
        await d.stat(`b${i}`, { mode: 0o775 });
      }
    },
    async 'a process that is killed leaves no lock and no file without a name'(d) {
      await d.dir('x');
      await d.file('x/f');
      const other = d.other();
      const far = await other.do('open', 'x/f', 'O_RDWR');
      await other.do('flock', far, 'LOCK_EX');
      await other.do('lock', far, 'F_SETLK', 'F_WRLCK', 0, 0);
      const fd = await d.do('open', 'x/f', 'O_RDWR');
      await d.fails('EAGAIN', 'flock', fd, 'LOCK_EX|LOCK_NB');
      await d.do('unlink', 'x/f');
      await other.end();
      await d.ok('flock', fd, 'LOCK_EX|LOCK_NB');
      await d.ok('lock', fd, 'F_SETLK', 'F_WRLCK', 0, 0);
      await d.do('close', fd);
      await d.ok('rmdir', 'x');
    },
  },
  withUsers: {
    async 'what several users make at once belongs to each'(d) {
      await d.dir('x', { mode: 0o777 });
      const users = [ALICE, BOB, CAROL].map((user) => ({ user, each: d.other().as(user) }));
      await Promise.all(
        users.map(async ({ user, each }) => {
          for (let i = 0; i < ROUNDS; i++) {
            await each.do('mkdir', `x/${user[0]}-${i}`, 0o700);
            await each.do('open', `x/${user[0]}-f${i}`, 'O_CREAT|O_WRONLY', 0o600);
          }
        }),
      );
      for (const { user } of users) {
        for (let i = 0; i < ROUNDS; i++) {
          for (const name of [`${user[0]}-${i}`, `${user[0]}-f${i}`]) {
            await d.stat(`x/${name}`, { uid: user[0] as number, gid: user[1] as number });
          }
        }
      }
    },
    async 'one user is refused what another may do at the same time'(d) {
      await d.dir('x', { owner: ALICE, mode: 0o700 });
      const alice = d.other().as(ALICE);
      const bob = d.other().as(BOB);
      const outcomes: Promise<string>[] = [];
      for (let i = 0; i < 50; i++) {
        outcomes.push(alice.outcome('mkdir', `x/${i}`, 0o755), bob.outcome('mkdir', `x/b${i}`, 0o755));
      }
      d.is(tally(await Promise.all(outcomes)), { success: 50, EACCES: 50 }, 'Alice makes hers, Bob none');
    },
  },
};
