/** Documents on a mount: drafts through a crash, one version for each reader, exact sizes, and rules made while mounted. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connect, type FxClient } from '../../src/index.ts';
import { canMount, type MountedStore, onHost, root, shell, withMount } from '../support/mount.ts';

const CLI = `'${process.execPath}' '${join(root, 'dist/src/cli.js')}'`;
const GOOD = '# where\nport: 8080 # the port\nhosts: [a, b]\n';
const BAD = GOOD.replace('8080', '[');
const FLIPS_READ = Number(process.env.FXMOUNT_FLIP_READS ?? 1500);
const FLIP_BYTES = 64 << 10;

/** Reads the file over and over: each time it must be one of the two texts. Prints how often it was each. */
const READER = `
const fs = require('fs');
const texts = { a: Buffer.alloc(${FLIP_BYTES}, 'a'), b: Buffer.alloc(${FLIP_BYTES}, 'b') };
const seen = {};
for (let i = 0; i < ${FLIPS_READ}; i++) {
  const text = fs.readFileSync('flip');
  const letter = String.fromCharCode(text[0]);
  if (!text.equals(texts[letter])) throw new Error('torn after ' + i + ' reads');
  seen[letter] = (seen[letter] ?? 0) + 1;
}
console.log(JSON.stringify(seen));
`;

/** A mount and a program that is connected to its store. */
function withProgram(label: string, body: (mount: MountedStore, client: FxClient) => Promise<void>): Promise<void> {
  return withMount(label, async (mount) => {
    const client = await connect(mount.store);
    try {
      await body(mount, client);
    } finally {
      await client.close();
    }
  });
}

describe.skipIf(!canMount || onHost)('documents', () => {
  test('a draft outlives the death of the daemon, and its correction clears it', () =>
    withMount('documents-crash', async (mount) => {
      await shell(`${CLI} bind '${mount.path}' --lens auto`);
      const env = { GOOD, BAD };
      await mount.sh(`printf %s "$GOOD" > a.yaml; ! cp <(printf %s "$BAD") a.yaml; ! cp <(printf %s "$BAD") new.yaml`, {
        env,
      });
      const id = await mount.sh('getfattr -n user.fx.id --only-values a.yaml');
      await mount.kill9();
      await mount.mount();
      expect(await mount.sh('cat a.yaml')).toBe(BAD);
      expect(await mount.sh('cat .fx/committed/a.yaml')).toBe(GOOD);
      expect(await mount.sh('getfattr -n user.fx.state --only-values a.yaml new.yaml')).toBe('invalidinvalid');
      expect((await shell(`${CLI} problems '${mount.store}'`)).split('\n').map((line) => line.split(':')[0])).toEqual(
        expect.arrayContaining(['/a.yaml', '/new.yaml']),
      );
      await mount.sh(`cp <(printf %s "$GOOD") a.yaml; rm new.yaml`, { env });
      expect(await mount.sh('getfattr -n user.fx.id --only-values a.yaml')).toBe(id);
      expect(await shell(`${CLI} problems '${mount.store}'`)).toBe('');
    }));

  test('no reader gets parts of two versions while a program changes the node', () =>
    withProgram('documents-flip', async (mount, client) => {
      const value = (letter: string) => letter.repeat(FLIP_BYTES);
      // A name that is there on the mount: that of a new node is told to the kernel a moment later.
      await mount.sh('printf x > flip');
      await client.put('/flip', value('a'));
      let isRunning = true;
      const flipping = (async () => {
        for (let i = 0; isRunning; i++) await client.put('/flip', value(i % 2 === 0 ? 'b' : 'a'));
      })();
      // A reader that fails is told of first.
      flipping.catch(() => {});
      const readers = [1, 2].map(() => mount.sh('node -e "$READER"', { env: { READER }, timeoutMs: 110_000 }));
      const seen = (await Promise.all(readers).finally(() => (isRunning = false))).map(
        (text) => JSON.parse(text) as object,
      );
      await flipping;
      for (const letters of seen) expect(Object.keys(letters).sort()).toEqual(['a', 'b']);
    }));

  test('sizes are those of the bytes, for tar, git, rsync and maps, and a change by a program changes one line', () =>
    withProgram('documents-size', async (mount, client) => {
      await shell(`${CLI} bind '${mount.path}'`);
      await mount.sh(`printf %s "$GOOD" > a.yaml`, { env: { GOOD } });
      await client.put('/b.json', { list: Array.from({ length: 500 }, (_, i) => i) });
      await client.transaction((changes) => changes.patch('/a.yaml', { port: 65536 }));
      const script = `stat -c %s a.yaml b.json; cat a.yaml | wc -c; cat b.json | wc -c
        tar cf - a.yaml b.json | tar xf - -C '${mount.scratch}'; cmp b.json '${mount.scratch}/b.json'
        python3 -c 'import mmap; f = open("b.json", "rb"); m = mmap.mmap(f.fileno(), 0, prot=1); print(len(m)); assert m[:] == open("b.json","rb").read()'
        git -C '${mount.scratch}' init -q; git -C '${mount.scratch}' --work-tree . add -A; cat '${mount.scratch}/a.yaml'`;
      const [aSize, bSize, aRead, bRead, mapped, ...text] = (await mount.sh(script))
        .trimEnd()
        .split('\n')
        .map((line) => line.trim());
      expect([aSize, bSize, mapped]).toEqual([aRead, bRead, bSize]);
      expect(`${text.join('\n')}\n`).toBe(GOOD.replace('8080', '65536'));
    }));

  test('a rule that is bound while mounted holds at once, and its schema tells the line', () =>
    withMount('documents-schema', async (mount) => {
      await mount.sh(`mkdir c; printf 'port: 1\\n' > c/old.yaml; printf 'port: x\\n' > c/bad.yaml
        printf '{"properties": {"port": {"type": "integer"}}}' > '${mount.scratch}/s.json'`);
      const bound = await shell(`${CLI} bind '${mount.path}/c' --schema '${mount.scratch}/s.json'`);
      expect(bound).toMatch(/^bound \/c: lens auto, strict; documents: 1\nfiles with problems: 1;/);
      const message = await mount.sh(
        `cp <(printf '# a\\nport: no\\n') c/old.yaml 2>&1 || true; cat .fx/errors/c/old.yaml`,
      );
      expect(message).toMatch(/Bad message\nc\/old\.yaml:2:7: error: "port" must be integer \[schema-type\]\n$/);
      expect(await shell(`${CLI} get --json '${mount.store}' /c/old.yaml`)).toBe('{\n  "port": 1\n}\n');
      await shell(`${CLI} unbind '${mount.path}/c'`);
      expect(await mount.sh(`printf 'x: [' > c/new.yaml; getfattr -n user.fx.type --only-values c/new.yaml`)).toBe(
        'blob',
      );
    }));
});
