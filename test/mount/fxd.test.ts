/** FXD's files on a mount: cat prints the values, directories nest as the graph does. */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { graphFromFile } from '../../src/fxd/file.ts';
import { graphToFxd } from '../../src/fxd/fxd.ts';
import { graphToFxwal } from '../../src/fxd/fxwal-graph.ts';
import type { FxdGraph, FxdNode } from '../../src/fxd/graph.ts';
import { nameOfKey } from '../../src/fxd/key-name.ts';
import { sampleGraph } from '../../src/fxd/sample.ts';
import { toJsonText } from '../../src/uarr/value.ts';
import { samplePath } from '../fxd/support.ts';
import { canMount, type MountedStore, onHost, root, shell, withMount } from '../support/mount.ts';

const cli = (mount: MountedStore, words: string) =>
  shell(`'${process.execPath}' dist/src/cli.js ${words}`, { cwd: root, env: { MNT: mount.path } });

/** Every file that the last root of a graph must show, with what cat must print for it. */
function expectedFiles(graph: FxdGraph): Map<string, string> {
  const files = new Map<string, string>();
  const visit = (node: FxdNode, path: string): void => {
    const text = node.value === undefined ? null : textOf(node.value);
    if (node.children.length === 0) {
      if (text !== null) files.set(path, text);
      return;
    }
    if (text !== null) files.set(`${path}/.value`, text);
    for (const child of node.children) visit(child, `${path}/${nameOfKey(child.name)}`);
  };
  const top = graph.roots.at(-1);
  for (const child of top?.children ?? []) visit(child, nameOfKey(child.name));
  return files;
}

/** What the raw lens shows, written down once more. */
function textOf(value: FxdNode['value']): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return `${toJsonText(value)}\n`;
}

async function expectOnMount(mount: MountedStore, directory: string, graph: FxdGraph): Promise<void> {
  const expected = expectedFiles(graph);
  expect(expected.size).toBeGreaterThan(10);
  // What cat prints, as a sum, and the size that stat gives, for every file in one shell.
  const script =
    'while read -r file; do echo "$(cat "$file" | sha1sum | cut -c1-40) $(stat -c %s "$file") $file"; done < "$LIST"';
  const list = join(mount.scratch, 'list');
  writeFileSync(list, `${[...expected.keys()].join('\n')}\n`);
  const sums = [...expected].map(
    ([path, text]) => `${createHash('sha1').update(text).digest('hex')} ${Buffer.byteLength(text)} ${path}`,
  );
  const found = await mount.sh(`cd '${directory}'; ${script}`, { env: { LIST: list } });
  expect(found.trim().split('\n')).toEqual(sums);
}

describe.skipIf(!canMount || onHost)('FXD files on a mount', () => {
  test('a .fxwal and a .fxd file made here, imported with the daemon running, print their values', () =>
    withMount('fxd', async (mount) => {
      const graph = sampleGraph();
      writeFileSync(join(mount.scratch, 'sample.fxwal'), graphToFxwal(graph));
      writeFileSync(join(mount.scratch, 'sample.fxd'), await graphToFxd(graph));
      await cli(mount, `import '${mount.store}' '${mount.scratch}/sample.fxwal' --at /wal`);
      await cli(mount, `import '${mount.store}' '${mount.scratch}/sample.fxd' --at /sqlite`);
      await expectOnMount(mount, 'wal', graph);
      expect(await mount.sh('diff -r wal sqlite')).toBe('');
      expect(await mount.sh('cat wal/config/fx/server/port; ls -A wal/config/fx/server | sort | tr "\\n" " "')).toBe(
        '8080\n.value host port timeoutMs tls ',
      );
      await mount.sh('rm -rf sqlite; test ! -e sqlite');
      await mount.kill9();
      await mount.mount();
      await expectOnMount(mount, 'wal', graph);
    }));

  test.skipIf(!existsSync(samplePath('comprehensive-demo.fxwal')))('the real files print their values', () =>
    withMount('fxd-real', async (mount) => {
      for (const name of ['comprehensive-demo.fxwal', 'comprehensive-demo.fxd', 'code-project.fxd']) {
        const path = samplePath(name);
        await cli(mount, `import '${mount.store}' '${path}' --at '/${name}'`);
        await expectOnMount(mount, name, await graphFromFile(path));
      }
    }),
  );
});
