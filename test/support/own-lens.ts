/** Modules of lenses as users write them, in files. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './mount.ts';

const ENTRY = pathToFileURL(join(root, 'dist/lenses/index.js')).href;

/** Writes a module that imports `fxmount/lens`, readable by all and writable by its owner alone. */
export function writeModule(directory: string, name: string, code: string): string {
  const path = join(directory, name);
  writeFileSync(path, code.replaceAll('fxmount/lens', ENTRY));
  chmodSync(path, 0o644);
  return path;
}

/** The example of the documentation. */
export function exampleLens(): string {
  const code = /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, 'lenses/README.md'), 'utf8'))?.[1] ?? '';
  if (!code.includes("from 'fxmount/lens'")) throw new Error('lenses/README.md has no example');
  return code;
}

/** A lens that does what a text says: `throw`, `hang`, `exit`, `rubbish`; any other text is its value. */
export const ODD_LENS = `
import { leaf } from 'fxmount/lens';
const act = (bytes) => {
  const text = Buffer.from(bytes).toString().trim();
  if (text === 'throw') throw new Error('thrown');
  if (text === 'exit') process.exit(1);
  while (text === 'hang');
  return text === 'rubbish' ? { ok: false, diagnostics: [{ message: act }] } : undefined;
};
const source = (bytes) => leaf('', Buffer.from(bytes).toString());
const set = (node, value) => ({ op: 'set', node, part: 'value', path: [], value });
export const lenses = [{
  name: 'odd', version: 1, extensions: ['.odd'], mediaType: 'text/x-odd', scope: 'value', equivalences: [],
  refuses: ({ value }) => (typeof value === 'string' ? undefined : 'it is no text'),
  get: ({ value }) => (value === 'bad' ? value : Buffer.from(value)),
  validate: () => [],
  put: (bytes, base) => act(bytes) ?? { ok: true, edits: [set(base.id, Buffer.from(bytes).toString())], warnings: [] },
  create: (bytes) => act(bytes) ?? { ok: true, source: source(bytes), warnings: [] },
}];
`;
