/** A real tree of thousands of files goes in and out through cp and tar, and comes back the same. */
import { describe, expect, test } from 'vitest';
import { canMount, onHost, root, shell, withMount } from '../support/mount.ts';

const FILES_MIN = 5000;
const TREE_TIMEOUT_MS = 180_000;

// Sizes and link counts of directories differ between filesystems; everything else must be the same.
const LISTING = String.raw`list() { (cd "$1" && find . \( -type d -printf '%P d %m %U %G %T@\n' \) \
  -o -printf '%P %y %m %U %G %s %T@ %n %l\n' | sort); }`;

/**
 * A script that copies the installed packages into `target` often enough, with a few special files beside
 * them. Packages that are one huge file add time and nothing else, and are left out.
 */
function makeTree(target: string): string {
  return `mkdir -p '${target}'; n=0; i=0
    while [ $n -lt ${FILES_MIN} ]; do
      mkdir '${target}'/$i
      find '${root}/node_modules/' -mindepth 1 -maxdepth 1 ! -name @biomejs ! -name @typescript ! -name sql.js \
        ! -name .vite -exec cp -a -t '${target}'/$i {} +
      i=$((i + 1)); n=$(find '${target}' -type f | wc -l)
    done
    cd '${target}'; mkdir special; cd special
    echo x > a; ln a b; ln -s ../0 c; mkfifo d; truncate -s 5M sparse; echo "odd" > $'new\\nline é \\xff'
    chmod 6755 a; touch -d '2001-02-03 04:05:06.789012345' a; mkdir empty; chmod 1777 empty; touch -d @0 empty`;
}

describe.skipIf(!canMount)('a tree of thousands of files', () => {
  test(
    'is the same after cp -a into the mount, after a remount, and after cp -a back',
    () =>
      withMount('copy', async (mount) => {
        const source = `${mount.scratch}/source`;
        await shell(makeTree(source), { timeoutMs: TREE_TIMEOUT_MS });
        const same = (other: string) =>
          shell(
            `${LISTING}; diff <(list '${source}') <(list '${other}') && diff -r --no-dereference -x d '${source}' '${other}'`,
            { timeoutMs: TREE_TIMEOUT_MS },
          );
        await mount.sh(`cp -a '${source}' copy`, { timeoutMs: TREE_TIMEOUT_MS });
        expect(await same(`${mount.path}/copy`)).toBe('');
        await mount.remount();
        expect(await same(`${mount.path}/copy`)).toBe('');
        await mount.sh(`cp -a copy '${mount.scratch}/back'`, { timeoutMs: TREE_TIMEOUT_MS });
        expect(await same(`${mount.scratch}/back`)).toBe('');
        await mount.sh('rm -rf copy; test -z "$(ls -A)"', { timeoutMs: TREE_TIMEOUT_MS });
      }),
    TREE_TIMEOUT_MS * 2,
  );

  test(
    'gives byte for byte the tar that the original gives',
    () =>
      withMount('tar', async (mount) => {
        const source = `${mount.scratch}/source`;
        const archive = `tar --sort=name --numeric-owner --format=pax \
          --pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f -cf`;
        await shell(makeTree(source), { timeoutMs: TREE_TIMEOUT_MS });
        await shell(`cd '${source}' && ${archive} '${mount.scratch}/one.tar' .`, { timeoutMs: TREE_TIMEOUT_MS });
        await mount.sh(`mkdir tree && tar -xpf '${mount.scratch}/one.tar' -C tree --numeric-owner`, {
          timeoutMs: TREE_TIMEOUT_MS,
        });
        await mount.sh(`cd tree && ${archive} '${mount.scratch}/two.tar' .`, { timeoutMs: TREE_TIMEOUT_MS });
        await shell(`cmp '${mount.scratch}/one.tar' '${mount.scratch}/two.tar'`);
      }),
    TREE_TIMEOUT_MS * 2,
  );

  test.skipIf(onHost)('shows the same names and numbers of files to find, ls and du', () =>
    withMount('list', async (mount) => {
      await mount.sh(`cp -a '${root}/node_modules/typescript' t`);
      const counts = await mount.sh(
        `find t | wc -l; ls -AR1 t | grep -cv -e ':$' -e '^$'; (cd '${root}/node_modules/typescript' && find . | wc -l)`,
      );
      const [found, listed, original] = counts.trim().split('\n').map(Number);
      expect(found).toBe(original);
      expect(listed).toBe((original ?? 0) - 1);
    }),
  );
});
