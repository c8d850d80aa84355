/** Views on a mount: fresh text and exact sizes after each change, events for watchers, and no writing. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, onHost, root, shell, withMount } from '../support/mount.ts';

const CLI = `'${process.execPath}' '${join(root, 'dist/src/cli.js')}'`;

/** Waits until the view was modified, then prints it. */
const WATCHER = `
const fs = require('fs');
const watcher = fs.watch('people.csv', () => {
  watcher.close();
  console.log(fs.readFileSync('people.csv', 'utf8').trim().split('\\n').join(' '));
});
fs.mkdirSync('people/eve');
`;

describe.skipIf(!canMount || onHost)('views', () => {
  test('a view is read like any file, follows its nodes, and is not written', () =>
    withMount('views', async (mount) => {
      const put = (key: string, age: number) =>
        shell(`${CLI} put '${mount.store}' /people/${key} '{"age": ${age}}' --type json --parents`);
      await put('ann', 41);
      await shell(`${CLI} view add '${mount.path}/people.csv' --from '${mount.path}/people' --fields age`);
      const read = () => mount.sh('stat -c %s people.csv; cat people.csv');
      expect(await read()).toBe('15\nkey,age\nann,41\n');
      await put('bob', 7);
      expect(await read()).toBe('21\nkey,age\nann,41\nbob,7\n');
      await mount.sh('mv people/bob people/robert');
      expect(await read()).toBe('24\nkey,age\nann,41\nrobert,7\n');
      await mount.sh('rm people/robert');
      expect(await read()).toBe('15\nkey,age\nann,41\n');
      expect(await mount.sh('! (echo x > people.csv) 2>&1')).toContain('Permission denied');
      expect(await mount.sh('! (echo x >> people.csv) 2>&1')).toContain('Permission denied');
      expect(await mount.sh('! (mv -f people/ann people.csv) 2>&1')).toContain('Permission denied');
      expect(await mount.sh('cp people.csv copy.csv && cat copy.csv')).toBe('key,age\nann,41\n');
      expect(await read()).toBe('15\nkey,age\nann,41\n');
    }));

  test('a watcher of a view is told of a change through the same mount', () =>
    withMount('views-events', async (mount) => {
      await mount.sh('mkdir people');
      await shell(`${CLI} view add '${mount.path}/people.csv' --from '${mount.path}/people'`);
      expect(await mount.sh(`'${process.execPath}' -e "$WATCHER"`, { env: { WATCHER } })).toMatch(/^key.* eve/);
    }));
});
