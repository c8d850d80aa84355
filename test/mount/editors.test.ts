/** Programs that save files, each in its own way: in place, through a temporary file, through a backup. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canMount, hasCommand, type MountedStore, mountStore } from '../support/mount.ts';

describe.skipIf(!canMount)('saving with', () => {
  let mount: MountedStore;
  beforeAll(async () => {
    mount = await mountStore('editors');
  });
  afterAll(() => mount?.dispose());

  /** Makes a file with mode 640, edits it, and returns [content, mode, inode before, inode after, names of the directory]. */
  async function edit(name: string, command: string): Promise<string[]> {
    const output = await mount.sh(`mkdir '${name}'; cd '${name}'; printf 'one\\ntwo\\n' > f; chmod 640 f
      before=$(stat -c %i f); ${command}; sync f
      base64 -w0 f; echo; stat -c %a f; echo $before; stat -c %i f; ls -A | paste -sd ' '`);
    const [content = '', ...rest] = output.trimEnd().split('\n');
    return [Buffer.from(content, 'base64').toString('utf8'), ...rest];
  }

  test.skipIf(!hasCommand('vim'))('vim keeps content, mode and leaves no backup or swap file', async () => {
    const vim = `vim -es -u NONE -i NONE -c 'set nocp wb bkc=no'`;
    const [content, mode, , , names] = await edit('vim', `${vim} -c '%s/two/three/' -c 'wq' f`);
    expect([content, mode, names]).toEqual(['one\nthree\n', '640', 'f']);
  });

  test.skipIf(!hasCommand('vim'))('vim with backupcopy=yes keeps the inode', async () => {
    const vim = `vim -es -u NONE -i NONE -c 'set nocp wb bkc=yes'`;
    const [content, mode, before, after, names] = await edit('vim-copy', `${vim} -c '%s/two/three/' -c 'wq' f`);
    expect([content, mode, names]).toEqual(['one\nthree\n', '640', 'f']);
    expect(after).toBe(before);
  });

  test('sed -i replaces the file by a new inode of the same mode', async () => {
    const [content, mode, before, after, names] = await edit('sed', `sed -i s/two/three/ f`);
    expect([content, mode, names]).toEqual(['one\nthree\n', '640', 'f']);
    expect(after).not.toBe(before);
  });

  test.skipIf(!hasCommand('perl'))('perl -i keeps a backup when asked to', async () => {
    const [content, mode, , , names] = await edit('perl', `perl -pi.bak -e s/two/three/ f; grep -q two f.bak`);
    expect([content, mode, names]).toEqual(['one\nthree\n', '640', 'f f.bak']);
  });

  test('redirection writes in place and appends', async () => {
    const [content, , before, after] = await edit('shell', `echo new > f; echo more >> f; echo last | tee -a f > t`);
    expect(content).toBe('new\nmore\nlast\n');
    expect(after).toBe(before);
  });

  test('an old descriptor goes on reading the file that was renamed over', async () => {
    const [content] = await edit('over', `exec 7< f; echo new > g; mv g f; test "$(cat <&7)" = $'one\\ntwo'`);
    expect(content).toBe('new\n');
  });

  test('a removed file that is open can be read, written and truncated, and is gone after', async () => {
    const [, , , , names] = await edit(
      'unlinked',
      `exec 7<> f; rm f; echo changed >&7; test "$(stat -L -c %h /proc/self/fd/7)" = 0
       truncate -s 3 /proc/$$/fd/7; test "$(cat /proc/$$/fd/7)" = cha; exec 7>&-; echo again > f`,
    );
    expect(names).toBe('f');
  });

  test.skipIf(!hasCommand('python3'))('python writes a temporary file, syncs it and renames it', async () => {
    const program = `import os; f = open("t", "w"); f.write("py\\n"); f.flush(); os.fsync(f.fileno()); f.close()
os.chmod("t", 0o640); os.replace("t", "f"); d = os.open(".", os.O_RDONLY); os.fsync(d)`;
    const [content, mode, , , names] = await edit('python', `python3 -c '${program}'`);
    expect([content, mode, names]).toEqual(['py\n', '640', 'f']);
  });
});
