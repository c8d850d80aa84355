/**
 * Makes empty files in one directory.
 *
 *     node entries.js DIR FIRST END
 */
import { closeSync, openSync } from 'node:fs';

const [directory = '', first, end] = process.argv.slice(2);
for (let i = Number(first); i < Number(end); i++) closeSync(openSync(`${directory}/entry-${i}`, 'wx'));
