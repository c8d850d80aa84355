/** Git works on the mount: clone, edit, commit, branches, gc, fsck, push. */
import { describe, expect, test } from 'vitest';
import { canMount, hasCommand, shell, withMount } from '../support/mount.ts';

const env = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.org',
};

const MAKE_REPOSITORY = `git init -q -b main origin && cd origin
  for commit in 1 2 3 4 5; do
    for i in $(seq 40); do
      mkdir -p dir$((i % 7)); seq $((i * commit)) > dir$((i % 7))/file$i
    done
    printf '#!/bin/sh\\necho %s\\n' $commit > run.sh; chmod +x run.sh; ln -sfn run.sh link
    git add -A && git commit -qm "commit $commit"
  done
  git branch topic HEAD~2`;

describe.skipIf(!canMount || !hasCommand('git'))('git', () => {
  test('clones, edits, commits, switches branches, collects garbage and pushes back', () =>
    withMount('git', async (mount) => {
      await shell(MAKE_REPOSITORY, { cwd: mount.scratch, env });
      await mount.sh(`git clone -q --bare '${mount.scratch}/origin' bare.git && git clone -q bare.git clone`, { env });
      const sh = (script: string) => mount.sh(`cd clone; ${script}`, { env });
      expect(await sh('git status --porcelain')).toBe('');
      await sh(`echo more >> dir1/file1; git rm -q dir2/file2; git mv dir3/file3 dir3/moved; chmod -x run.sh
        git commit -qam 'edit' && git fsck --strict --no-progress`);
      await sh('git checkout -q topic && git merge -q --no-edit main && git checkout -q main');
      await sh('git gc -q --prune=now && git fsck --strict --no-progress && git count-objects -v');
      expect(await sh('git status --porcelain')).toBe('');
      await sh('git push -q origin main topic');
      await mount.remount();
      expect(await sh('git status --porcelain')).toBe('');
      await sh('git fsck --strict --no-progress');
      await mount.sh('git -C bare.git fsck --strict --no-progress');
      const heads = await mount.sh('git -C clone rev-parse main; git -C bare.git rev-parse main', { env });
      const [local, pushed] = heads.trim().split('\n');
      expect(local).toBe(pushed);
    }));

  test('restores every file of a hard reset after the work tree was removed', () =>
    withMount('git-reset', async (mount) => {
      await shell(MAKE_REPOSITORY, { cwd: mount.scratch, env });
      await mount.sh(`git clone -q '${mount.scratch}/origin' clone; cd clone; rm -rf dir* run.sh link`, { env });
      await mount.sh('cd clone; git reset -q --hard; git diff --quiet HEAD; test -x run.sh; test -L link', { env });
      await mount.sh(`cd clone; git stash list; echo x > run.sh; git stash -q; git stash pop -q; grep -q x run.sh`, {
        env,
      });
    }));
});
