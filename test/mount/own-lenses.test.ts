/** A lens of the user's own on a mount: named in the settings, used, and missing. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, onHost, root, shell, withMount } from '../support/mount.ts';
import { exampleLens, writeModule } from '../support/own-lens.ts';

const CLI = `'${process.execPath}' '${join(root, 'dist/src/cli.js')}'`;

describe.skipIf(!canMount || onHost)('a lens of one’s own', () => {
  test('is named in the settings, checks saves on the mount, and may go missing', () =>
    withMount('own-lenses', async (mount) => {
      const path = writeModule(mount.directory, 'dimensions.mjs', exampleLens());
      const store = `'${mount.store}'`;
      expect(await shell(`${CLI} settings ${store} lenses '${path}'`)).toContain('the store is mounted');
      expect(await shell(`${CLI} settings ${store} lenses`)).toBe(`${path}\n`);
      await mount.remount();
      expect(await shell(`${CLI} lens ls ${store}`)).toContain('\ndimensions   value        .dim\n');
      await shell(`${CLI} bind '${mount.path}'`);
      await mount.sh(`printf '640 x 400' > a.dim; ! cp <(echo 640) a.dim; printf '640 x 480' > b.dim`);
      expect(await mount.sh('cat a.dim .fx/errors/a.dim')).toContain(
        '640\na.dim:1:1: error: a size is WIDTHxHEIGHT, such as 640x480 [syntax]',
      );
      await mount.sh(`printf '640 x 480' > a.dim`);
      expect(JSON.parse(await shell(`${CLI} get --json ${store} /a.dim`))).toEqual({ width: 640, height: 480 });
      expect(await shell(`${CLI} problems ${store}`)).toBe('');

      rmSync(path);
      await mount.remount();
      expect(await shell(`${CLI} status ${store}`)).toContain('dimensions.mjs cannot be found');
      expect(await mount.sh('cat a.dim; ! cp <(echo 1 x 1) b.dim; echo fine > plain; cat plain')).toBe(
        '640 x 480fine\n',
      );
      await mount.unmount();
      expect(await shell(`${CLI} lens ls ${store} 2>&1 || echo $?`)).toMatch(/not loaded: .* cannot be found.*\n14\n$/);
    }));
});
