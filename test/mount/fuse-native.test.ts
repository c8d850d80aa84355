/**
 * The driver fuse-native, where its package can be installed: everyday work through libfuse 2.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installFuseNative } from '../../scripts/bench/targets.ts';
import { cleanUp, installPrograms, type Result, runLine } from '../support/golden.ts';
import { canMount, hasCommand, onHost, root, temporaryDirectory } from '../support/mount.ts';

/** Where the package is; undefined when it cannot be had. */
function installed(): string | undefined {
  if (!canMount || onHost || !(hasCommand('fusermount') && hasCommand('npm'))) return undefined;
  try {
    const { LD_LIBRARY_PATH, FUSE_NATIVE } = installFuseNative(join(root, '.bench'));
    return `export LD_LIBRARY_PATH='${LD_LIBRARY_PATH}' FXMOUNT_FUSE_NATIVE='${FUSE_NATIVE}'; `;
  } catch {
    return undefined;
  }
}

const environment = installed();
const runs = environment !== undefined;
const MOUNT = 'fxmount mount store m --driver fuse-native';
const ENDS = 'for i in $(seq 400); do [ -e store/daemon.sock ] || exit 0; sleep 0.05; done; exit 1';

let directory = '';

beforeEach(() => {
  directory = temporaryDirectory('fuse-native');
  mkdirSync(join(directory, 'm'));
  installPrograms(join(directory, 'bin'));
});

afterEach(() => cleanUp(directory));

function run(line: string): Promise<Result> {
  return runLine(`${environment ?? ''}${line}`, directory, join(directory, 'bin'));
}

async function ok(line: string): Promise<string> {
  const { stdout, stderr, code } = await run(`set -e; ${line}`);
  if (code !== 0) throw new Error(`exit code ${code}: ${line}\n${stdout}${stderr}`);
  return stdout;
}

test.runIf(canMount && !onHost)('without the package the command that installs it is named', async () => {
  const { stderr, code } = await run(`FXMOUNT_FUSE_NATIVE=/nowhere ${MOUNT}`);
  expect(stderr).toMatch(
    /^fxmount: the driver fuse-native cannot be used .*npm install --no-save fuse-native@2\.2\.6\n$/,
  );
  expect(code).toBe(2);
});

test.runIf(runs)('everyday tools work, and what they did is in the store', { timeout: 120_000 }, async () => {
  const out = await ok(`${MOUNT}; cp -r '${root}/src/uarr' m/copy; diff -r '${root}/src/uarr' m/copy
    tar -C m -cf - copy | tar -tf - | wc -l > count; [ $(cat count) -gt 5 ]
    cd m; echo one > f; echo two >> f; sed -i s/one/ONE/ f; truncate -s 6 f; cat f
    ln f g; ln -s f s; mkfifo p; chmod 640 g; stat -c '%h %a %F' f s p; mv g copy/moved; cat copy/moved; readlink s
    exec 7< f; rm f s p; cat <&7; exec 7<&-; ls -A; rmdir copy 2> /dev/null || echo not empty
    setfattr -n user.x -v y copy/moved; getfattr --only-values -n user.x copy/moved; echo
    head -c 3000000 /dev/urandom > ../big; cp ../big big; cmp ../big big; dd if=big bs=1000 skip=2999 count=1 status=none | cmp - <(tail -c 1000 ../big)
    cd ..; fxmount umount m; fxmount tree store --depth 1`);
  expect(out).toBe(
    'ONE\ntw2 640 regular file\n1 777 symbolic link\n1 644 fifo\nONE\ntwf\nONE\ntwcopy\nnot empty\ny\n' +
      '/\n├── copy/\n└── big  (blob)\n',
  );
});

test.runIf(runs && hasCommand('git'))('git makes, clones and checks a repository', { timeout: 120_000 }, async () => {
  const out = await ok(`${MOUNT}; cd m; git init -q r; cd r; git config user.email t@t; git config user.name t
    for i in 1 2 3 4 5; do echo $i > f$i; git add f$i; git commit -qm $i; done; git rm -q f1; git commit -qm gone
    git gc -q; git fsck --full --no-progress; git clone -q . ../c; git -C ../c log --format=%s | wc -l; git status --short; ls ../c; cd ../..
    fxmount umount m`);
  expect(out).toBe('6\nf2\nf3\nf4\nf5\n');
});

test.runIf(runs)('changes from elsewhere show at once, and a busy mount is not taken away', async () => {
  await ok(`mkdir n; ${MOUNT}; fxmount mount store n; echo 1 > n/f; cat m/f; echo 22 > m/f; [ $(cat n/f) = 22 ]; echo 333 > n/f; [ $(cat m/f) = 333 ]
    fxmount put store /typed 5 --type int; cat m/typed; rm m/typed; [ ! -e n/typed ]; exec 7< m/f`);
  const busy = await run(
    `${MOUNT} 2> /dev/null; fxmount umount n; exec 7< m/f; fxmount umount m; code=$?; exec 7<&-; fxmount umount m; echo "codes $code $?"; ${ENDS}`,
  );
  expect(busy.stdout).toBe('codes 6 0\n');
});

test.runIf(runs)('a read-only mount refuses changes, and umount(8) ends the daemon', async () => {
  const { stdout } = await run(`fxmount init store; ${MOUNT} --read-only; touch m/x 2>&1; umount m; ${ENDS}`);
  expect(stdout).toMatch(/Read-only file system\n$/);
});
