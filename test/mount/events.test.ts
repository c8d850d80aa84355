/**
 * File-change events: what comes from elsewhere reaches those who watch files, and what they did themselves
 * is told once, as ever.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect, type FxClient } from '../../src/daemon/connect.ts';
import {
  canMount,
  hasCommand,
  type MountedStore,
  mountStore,
  onHost,
  root,
  testEnvironment,
} from '../support/mount.ts';

const WAIT_MS = 20_000;

/** A program whose lines of output can be waited for. */
class Watcher {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #arrived: () => void = () => {};

  constructor(command: string, ...args: string[]) {
    this.#child = spawn(command, args, { env: testEnvironment, stdio: ['pipe', 'pipe', 'inherit'] });
    let rest = '';
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines);
      this.#arrived();
    });
  }

  /** Resolves when a line matches. */
  async until(matches: (line: string) => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(WAIT_MS);
    while (!this.lines.some(matches)) {
      await new Promise<void>((resolve, reject) => {
        this.#arrived = resolve;
        deadline.onabort = () =>
          reject(new Error(`no such line came; there are:\n${this.lines.slice(-50).join('\n')}`));
      });
    }
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

describe.skipIf(!canMount || onHost)('file-change events', () => {
  let mount: MountedStore;
  let fx: FxClient;
  const watchers: Watcher[] = [];
  let ends = 0;

  beforeAll(async () => {
    mount = await mountStore('events');
    fx = await connect(mount.store);
  });
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.stop();
  });
  afterAll(async () => {
    await fx?.close();
    await mount?.dispose();
  });

  async function watch(...paths: string[]): Promise<Watcher> {
    const watcher = new Watcher(
      'python3',
      join(root, 'test/support/watch.py'),
      ...paths.map((path) => join(mount.path, path)),
    );
    watchers.push(watcher);
    await watcher.until((line) => line === 'READY');
    watcher.lines.length = 0;
    return watcher;
  }

  /** The lines so far and all that are still to come of what was done: a last change marks the end. `directory` is watched as number 0. */
  async function allOf(watcher: Watcher, directory: string): Promise<string[]> {
    const end = `end${++ends}`;
    await fx.put(`/${directory}/${end}`, 1);
    await watcher.until((line) => line === `0/${end} CREATE`);
    return watcher.lines.filter((line) => !line.startsWith('0/end'));
  }

  test('entries added, changed, moved and removed through the API are told as such', async () => {
    await mount.sh('mkdir a a/sub; echo old > a/file');
    const watcher = await watch('a', 'a/sub', 'a/file');
    await fx.put('/a/file', 'new');
    await allOf(watcher, 'a');
    await fx.put('/a/fresh', 1);
    await fx.mkdir('/a/dir');
    await allOf(watcher, 'a');
    await fx.move('/a/fresh', '/a/sub/moved');
    await allOf(watcher, 'a');
    await fx.remove('/a/sub/moved');
    await fx.remove('/a/dir');
    await fx.remove('/a/file');
    expect(await allOf(watcher, 'a')).toEqual([
      '0/file MODIFY',
      '2 MODIFY',
      '0/fresh CREATE',
      '0/dir CREATE',
      '0/fresh MOVED_FROM',
      '1/moved MOVED_TO',
      '1/moved DELETE',
      '0/dir DELETE',
      '2 ATTRIB',
      '2 DELETE_SELF',
      '0/file DELETE',
    ]);
    expect(await mount.sh('ls a a/sub')).toMatch(/^a:\n(end\d+\n)+sub\n\na\/sub:\n$/);
  });

  test('what is done through the mount is told once', async () => {
    await mount.sh('mkdir b');
    const watcher = await watch('b');
    await mount.sh('cd b; echo 1 > x; mv x y; chmod 600 y; rm y; mkdir d; rmdir d');
    expect(await allOf(watcher, 'b')).toEqual([
      '0/x CREATE',
      '0/x MODIFY',
      '0/x MOVED_FROM',
      '0/y MOVED_TO',
      '0/y ATTRIB',
      '0/y DELETE',
      '0/d CREATE',
      '0/d DELETE',
    ]);
  });

  test('links, fifos and what replaces a file are told as the kernel tells them, and counts stay right', async () => {
    await mount.sh('mkdir c; echo 1 > c/one; echo 2 > c/two');
    const other = join(mount.scratch, 'other');
    const cli = `'${process.execPath}' '${join(root, 'dist/src/cli.js')}'`;
    await mount.sh(`mkdir ${other}; ${cli} mount '${mount.store}' ${other}`);
    try {
      const watcher = await watch('c');
      await mount.sh(`cd ${other}/c; ln -s /nowhere link; mkfifo pipe; ln one hard; mv one two`);
      expect(await allOf(watcher, 'c')).toEqual([
        '0/link CREATE',
        '0/pipe CREATE',
        '0/hard CREATE',
        '0/one MOVED_FROM',
        '0/two MOVED_TO',
      ]);
      expect(await mount.sh('cd c; stat -c "%F %h" link pipe two hard; cat two; readlink link')).toBe(
        'symbolic link 1\nfifo 1\nregular file 2\nregular file 2\n1\n/nowhere\n',
      );
      await mount.sh(`cd ${other}/c; rm two; echo again > two`);
      await allOf(watcher, 'c');
      expect(await mount.sh('cd c; stat -c %h two hard; cat two')).toBe('1\n1\nagain\n');
    } finally {
      await mount.sh(`${cli} umount ${other}`);
    }
  });

  test('a burst is merged, and its last state is seen', async () => {
    await mount.sh('mkdir d; echo 0 > d/file');
    const watcher = await watch('d');
    for (let i = 1; i <= 1000; i++) await fx.put('/d/file', `state ${i}`);
    const lines = await allOf(watcher, 'd');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(1000);
    expect(new Set(lines)).toEqual(new Set(['0/file MODIFY']));
    expect(await mount.sh('cat d/file')).toBe('state 1000');
  });

  test('a directory that nobody has looked at gets no events, and many names become few', async () => {
    await fx.transaction((t) => {
      t.mkdir('/e');
      for (let i = 0; i < 20_000; i++) t.put(`/e/f${i}`, i);
    });
    const watcher = await watch('.');
    await fx.put('/e/f1', 'x');
    await fx.put('/marker', 1);
    await watcher.until((line) => line === '0/marker CREATE');
    const inside = await watch('e');
    await fx.transaction((t) => {
      for (let i = 0; i < 20_000; i++) t.put(`/e/g${i}`, i);
    });
    await inside.until((line) => line === '0 ATTRIB' || line === '0 MODIFY' || line === '0/g0 CREATE');
    expect(Number(await mount.sh('ls e | wc -l'))).toBe(40_000);
  });

  test('with --no-events nothing is told', async () => {
    const quiet = join(mount.scratch, 'quiet');
    const cli = `'${process.execPath}' '${join(root, 'dist/src/cli.js')}'`;
    await mount.sh(`mkdir ${quiet} g; ${cli} mount --no-events '${mount.store}' ${quiet}`);
    try {
      const watcher = new Watcher(
        'python3',
        join(root, 'test/support/watch.py'),
        join(quiet, 'g'),
        join(mount.path, 'g'),
      );
      watchers.push(watcher);
      await watcher.until((line) => line === 'READY');
      await fx.put('/g/x', 1);
      await watcher.until((line) => line === '1/x CREATE');
      expect(watcher.lines.filter((line) => line.startsWith('0'))).toEqual([]);
    } finally {
      await mount.sh(`${cli} umount ${quiet}`);
    }
  });

  test('tail -F prints what the API appends and what replaces the file', async () => {
    await mount.sh('mkdir h; echo first > h/log');
    const tail = new Watcher('tail', '-n+1', '-F', join(mount.path, 'h/log'));
    watchers.push(tail);
    await tail.until((line) => line === 'first');
    await fx.put('/h/log', Buffer.from('first\nsecond\n'));
    await tail.until((line) => line === 'second');
    await fx.put('/h/next', Buffer.from('third\n'));
    await fx.move('/h/next', '/h/log');
    await tail.until((line) => line === 'third');
  });

  test('fs.watch of Node reports changes of the API', async () => {
    await mount.sh('mkdir i; echo 1 > i/file');
    const program = `const w = require('fs').watch(${JSON.stringify(join(mount.path, 'i'))}, (what, name) => console.log(what, name));
      console.log('READY')`;
    const watcher = new Watcher(process.execPath, '-e', program);
    watchers.push(watcher);
    await watcher.until((line) => line === 'READY');
    await fx.put('/i/file', 'changed');
    await watcher.until((line) => line === 'change file');
    await fx.put('/i/new', 1);
    await watcher.until((line) => line === 'rename new');
  });

  test.skipIf(!hasCommand('inotifywait'))('inotifywait reports changes of the API', async () => {
    await mount.sh('mkdir j; echo 1 > j/file');
    const watcher = new Watcher('stdbuf', '-oL', 'inotifywait', '-m', '-q', '--format', '%f %e', join(mount.path, 'j'));
    watchers.push(watcher);
    // It says nothing when it is ready: the first change that it sees does.
    for (let i = 0; !watcher.lines.some((line) => line.endsWith('MODIFY')); i++) {
      await fx.put('/j/file', `v${i}`);
      await mount.sh('true');
    }
    await fx.put('/j/new', 1);
    await watcher.until((line) => line === 'new CREATE');
  });

  test('the helper ends with the mount, also when the daemon is killed in the midst of replaying', async () => {
    const doomed = await mountStore('events-killed');
    try {
      const client = await connect(doomed.store);
      await doomed.sh('mkdir k; touch k/f');
      await client.put('/k/f', 1);
      const changes = Array.from({ length: 200 }, (_, i) => client.put(`/k/n${i}`, i).catch(() => {}));
      await changes[50];
      const helpers = helpersOf(doomed.path);
      expect(helpers.length).toBe(1);
      await doomed.kill9();
      await Promise.all(changes);
      await client.close();
      for (const pid of helpers) await ended(pid);
      await doomed.mount();
      expect(await doomed.sh('ls k | grep -c n0')).toBe('1\n');
    } finally {
      await doomed.dispose();
    }
  });
});

/** Processes that replay for a mountpoint. */
function helpersOf(mountpoint: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`fxmount-replayer\0${mountpoint}\0`);
      } catch {
        return false;
      }
    });
}

async function ended(pid: number): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    if (performance.now() > deadlineMs) throw new Error(`process ${pid} does not end`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
