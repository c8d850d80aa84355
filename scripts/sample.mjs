/**
 * The sample project that `npm start` puts into a new store: a few files of the kinds people edit.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILES = {
  'README.md': `# Sample project

Everything here lives in an fxmount store. Edit it with any tool; what a command has
acknowledged survives even if the daemon is killed.
`,
  'config/server.json': `${JSON.stringify({ host: 'localhost', port: 8080, tags: ['a', 'b'] }, null, 2)}\n`,
  'config/limits.yaml': '# Limits of one client\nrequests_per_minute: 600\nburst: 20\n',
  'data/people.csv': 'id,name,born\n1,Ada Lovelace,1815\n2,Alan Turing,1912\n3,Grace Hopper,1906\n',
  'src/hello.c': `#include <stdio.h>

int main(void) {
  puts("Hello from a mounted store");
  return 0;
}
`,
  'src/Makefile': 'hello: hello.c\n\t$(CC) -O2 -o $@ $<\n',
  'notes/today.txt': 'Try: vim notes/today.txt\n',
};

/** Writes the sample project into the directory. */
export function writeSample(directory) {
  for (const [path, text] of Object.entries(FILES)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  symlinkSync('config/server.json', join(directory, 'current.json'));
}
