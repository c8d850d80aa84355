/**
 * The version of this fxmount, from its package.json.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function load(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  // The sources run from src/, the build from dist/src/.
  for (let i = 0; i < 3; i++) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Record<
        string,
        unknown
      >;
      if (name === 'fxmount' && typeof version === 'string') return version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    directory = dirname(directory);
  }
  return '0.0.0';
}

/** For example "0.1.0". */
export const version: string = load();
