/**
 * The stream `/.fx/signals`, read by ordinary tools.
 */
import { describe, expect, test } from 'vitest';
import { canMount, onHost, withMount } from '../support/mount.ts';

describe.skipIf(!canMount || onHost)('the stream /.fx/signals', () => {
  test('gives what follows a seq, waits for more, and ends with whoever reads', async () => {
    await withMount('signals', async (mount) => {
      const seq = await mount.sh("sed -n 's/^seq: *\\([0-9]*\\).*/\\1/p' .fx/status");
      await mount.sh('echo a > one; mkdir two');
      const from = `.fx/signals?from=${seq.trim()}`;
      const lines = (await mount.sh(`head -n 3 '${from}'`)).trim().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as { path: string }).path)).toContain('/one');
      // Two readers from now on: both wait, get the change, and end.
      const both = 'exec 3< .fx/signals 4< .fx/signals; touch three; head -n 1 <&3; head -n 1 <&4';
      const [first, second] = (await mount.sh(both)).trim().split('\n');
      expect(first).toBe(second);
      expect(JSON.parse(first as string)).toMatchObject({ kind: 'VALUE' });
      // One that waits is killed, and one does not want to wait.
      const killed =
        'cat .fx/signals & until grep -q "(cat) S" /proc/$!/stat; do :; done; kill -KILL $!; wait $! || echo $?';
      expect(await mount.sh(killed)).toBe('137\n');
      expect(await mount.sh('dd if=.fx/signals iflag=nonblock bs=1 count=1 2>&1 || true')).toContain('unavailable');
      // Unmounted in good order: no open file was left.
      await mount.unmount();
    });
  });

  test('a cursor past the end is told in a last line; a reader that waits does not keep a mount that ends', async () => {
    await withMount('signals-end', async (mount) => {
      const told = await mount.sh("cat '.fx/signals?from=999999' 2>&1 || true");
      expect(JSON.parse(told.split('\n', 1)[0] as string)).toMatchObject({ error: 'NOT_FOUND', oldest: 0 });
      expect(told).toContain('No such file');
      const reader = mount.sh('exec 3< .fx/signals; echo > made; head -n 1 <&3 > /dev/null; touch ready; cat <&3', {
        cwd: mount.path,
      });
      const failed = expect(reader).rejects.toThrow();
      await mount.sh('until [ -e ready ]; do :; done');
      await mount.stop('SIGTERM');
      await failed;
    });
  });

  test('ctl runs commands, answers, and says why it refuses one', async () => {
    await withMount('ctl', async (mount) => {
      await mount.sh('echo a > one; printf "checkpoint\\nemit /one done {}\\n" > .fx/ctl');
      const answers = (await mount.sh('cat .fx/ctl'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(answers).toMatchObject([{ command: 'checkpoint' }, { command: 'emit', path: '/one', name: 'done' }]);
      expect(await mount.sh('stat -c %a .fx/ctl; ls .fx/errors')).toBe('600\n');
      expect(await mount.sh('{ echo frobnicate > .fx/ctl; } 2>&1 || echo refused')).toContain('refused');
      const why = await mount.sh('cat .fx/errors/ctl');
      expect(why).toMatch(
        /^frobnicate: error: there is no such command; the commands are checkpoint, .*\[INVALID\]\n$/,
      );
      expect(await mount.sh('cat .fx/ctl; echo status >> .fx/ctl; cat .fx/ctl')).toContain('"command":"status"');
      expect(await mount.sh('{ echo revert /one > .fx/ctl; } 2>&1 || cat .fx/errors/ctl')).toContain(
        'it is no document',
      );
    });
  });
});
