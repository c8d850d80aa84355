/**
 * Documents saved by real tools: a valid save keeps the node's identity and the comments; one that is not valid is
 * told by those tools that tell, keeps what was written, and leaves the node as it was; a corrected save clears it.
 * The table in the documentation is the one that these tests hold.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canMount, type MountedStore, mountStore, onHost, root, shell } from '../support/mount.ts';
import { missing, nanoProgram, SAVING_TOOLS, type SavingTool, savingTable } from '../support/saving-tools.ts';

const CLI = `'${process.execPath}' '${join(root, 'dist/src/cli.js')}'`;
const TEXT = '{\n  // where it listens\n  "port": 8080\n}\n';

test('the table in the documentation is that of the tools tested here', () => {
  expect(readFileSync(join(root, 'mount/documents/README.md'), 'utf8')).toContain(savingTable());
});

describe.skipIf(!canMount || onHost)('a document', () => {
  let mount: MountedStore;
  let count = 0;
  beforeAll(async () => {
    mount = await mountStore('saves');
    await shell(`${CLI} bind '${mount.path}'`);
  });
  afterAll(() => mount?.dispose());

  /** A fresh directory with the document. */
  async function fresh(): Promise<string> {
    const name = `d${++count}`;
    await mount.sh(`mkdir ${name}; printf '%s' "$TEXT" > ${name}/app.jsonc`, { env: { TEXT } });
    return name;
  }

  interface Save {
    code: number;
    output: string;
    text: string;
    id: string;
    state: string;
    value: unknown;
  }

  async function save(directory: string, { script }: SavingTool, port: string): Promise<Save> {
    const env = { V: port, NANO: nanoProgram, SCRATCH: mount.scratch };
    const program = `cd ${directory}; code=0
      output=$(timeout 30 bash -euo pipefail -c "$SCRIPT" 2>&1) || code=$?
      echo $code; getfattr -n user.fx.id --only-values app.jsonc; echo
      getfattr -n user.fx.state --only-values app.jsonc; echo
      base64 -w0 app.jsonc; echo; base64 -w0 <<< "$output"; echo`;
    const lines = (await mount.sh(program, { env: { ...env, SCRIPT: script } })).split('\n');
    const [code = '', id = '', state = '', text = '', output = ''] = lines;
    const value: unknown = JSON.parse(await shell(`${CLI} get '${mount.store}' /${directory}/app.jsonc --json`));
    const decoded = (base64: string) => Buffer.from(base64, 'base64').toString('utf8');
    return { code: Number(code), id, state, text: decoded(text), output: decoded(output), value };
  }

  for (const tool of SAVING_TOOLS) {
    const lacks = missing(tool);
    const title = `saved by ${tool.name} keeps its node, its comments and what was refused`;
    test.skipIf(lacks !== undefined)(lacks === undefined ? title : `${title} (skipped: ${lacks})`, async () => {
      const directory = await fresh();
      const id = await mount.sh(`getfattr -n user.fx.id --only-values ${directory}/app.jsonc`);

      const valid = await save(directory, tool, '9090');
      expect({ ...valid, output: '' }).toEqual({
        code: 0,
        output: '',
        text: TEXT.replace('8080', '9090'),
        id,
        state: 'valid',
        value: { port: 9090 },
      });

      const refused = await save(directory, tool, '[[');
      expect([refused.id, refused.value]).toEqual([id, { port: 9090 }]);
      if (tool.reports === 'exit code') expect(refused.code).not.toBe(0);
      else expect(refused.code).toBe(0);
      if (tool.says !== undefined) expect(refused.output).toMatch(tool.says);
      if (tool.leaves === 'draft') {
        expect([refused.state, refused.text]).toEqual(['invalid', expect.stringContaining('[[')]);
      } else expect([refused.state, refused.text]).toEqual(['valid', TEXT.replace('8080', '9090')]);

      const corrected = await save(directory, tool, '7070');
      expect([corrected.code, corrected.id, corrected.state]).toEqual([0, id, 'valid']);
      expect([corrected.text, corrected.value]).toEqual([TEXT.replace('8080', '7070'), { port: 7070 }]);
    });
  }
});
