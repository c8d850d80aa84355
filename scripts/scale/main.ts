/**
 * The store at scale: see `options.ts` for what is measured and the bars.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Action, MountedStore, script } from './mounted.ts';
import { type Options, parseOptions } from './options.ts';

const LOOKUPS = 20_000;
const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
const ENTRIES = fileURLToPath(new URL('entries.js', import.meta.url));

function say(what: string, text: string): void {
  console.log(`${what.padEnd(34)} ${text}`);
}

function rate(count: number, seconds: number): string {
  return `${seconds.toFixed(1)} s, ${Math.round(count / seconds).toLocaleString('en')}/s`;
}

function sayAction(what: string, count: number, action: Action): void {
  const { p99Us, maxUs } = action.answers;
  const answers = `answers beside it: p99 ${(p99Us / 1000).toFixed(1)} ms, longest ${(maxUs / 1000).toFixed(1)} ms`;
  say(what, `${rate(count, action.seconds)}; ${answers}; memory ${action.residentMb} MB`);
}

interface Built {
  files: number;
  nodes: number;
  seconds: number;
  checkpointSeconds: number;
  longestPauseMs: number;
  longestWorkMs: number;
  peakMb: number;
}

async function measureTree({ nodes: wanted, made, directory }: Options): Promise<void> {
  const store = join(directory, 'tree');
  const built = await script<Built>('build.js', store, String(wanted), String(made));
  const { nodes } = built;
  const makes = Math.min(made, wanted);
  say(
    'make, in transactions of 100',
    `${rate(makes, built.seconds)}; longest pause ${built.longestPauseMs.toFixed(1)} ms, of work ${built.longestWorkMs.toFixed(1)} ms; memory at most ${built.peakMb} MB; last checkpoint ${built.checkpointSeconds.toFixed(1)} s`,
  );
  const opened = await script<{ openMs: number; residentMb: number }>('open.js', store);
  say(`open, ${nodes.toLocaleString('en')} nodes`, `${opened.openMs.toFixed(0)} ms; memory ${opened.residentMb} MB`);
  const mounted = await MountedStore.mount(store, join(directory, 'mnt'));
  try {
    say('mount', `memory ${mounted.residentMb} MB`);
    const cold = await mounted.lookups(built.files, LOOKUPS);
    say('look up at random', `p50 ${cold.p50Us} µs, p99 ${cold.p99Us} µs, longest ${cold.maxUs} µs`);
    sayAction('find', nodes, await mounted.run('find . -name no-such-name'));
    sayAction('find, again', nodes, await mounted.run('find . -name no-such-name'));
    const warm = await mounted.lookups(built.files, LOOKUPS);
    say('look up at random, after find', `p50 ${warm.p50Us} µs, p99 ${warm.p99Us} µs, longest ${warm.maxUs} µs`);
    sayAction('rm -rf of 10,010', 10_010, await mounted.run('rm -rf 0/?'));
  } finally {
    await mounted.unmount();
  }
}

async function measureImport({ imported, directory, source }: Options): Promise<void> {
  const from = mkdtempSync(join(source, 'fxmount-scale-'));
  try {
    for (let made = 0; made < imported; made++) {
      const folder = join(from, String(Math.floor(made / 1000)));
      if (made % 1000 === 0) mkdirSync(folder);
      writeFileSync(
        join(folder, `file-${made % 1000}.txt`),
        made % 10 === 0 ? 'a hundred bytes or so of content '.repeat(3) : '',
      );
    }
    const store = join(directory, 'imported');
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'import', store, from], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`import: exit code ${status}\n${stderr}`);
    say('import, a tenth with content', rate(imported, (performance.now() - start) / 1000));
  } finally {
    rmSync(from, { recursive: true, force: true });
  }
}

async function measureDirectory({ entries, directory }: Options): Promise<void> {
  const mounted = await MountedStore.mount(join(directory, 'wide'), join(directory, 'wide-mnt'));
  try {
    const tenth = Math.ceil(entries / 10);
    mkdirSync(join(directory, 'scratch'), { recursive: true });
    await mounted.run('mkdir wide');
    for (let first = 0; first < entries; first += tenth) {
      const action = await mounted.run(
        `"${process.execPath}" "${ENTRIES}" wide ${first} ${Math.min(entries, first + tenth)}`,
      );
      sayAction(`create, from entry ${first}`, tenth, action);
    }
    sayAction('list', entries, await mounted.run('ls -f wide | wc -l'));
    sayAction('list with attributes', entries, await mounted.run('find wide -newer / | wc -l'));
    sayAction('remove', entries, await mounted.run('rm -rf wide'));
  } finally {
    await mounted.unmount();
  }
}

const temporary = mkdtempSync(join(tmpdir(), 'fxmount-scale-'));
try {
  const options = parseOptions(process.argv.slice(2), temporary);
  if (options?.parts.includes('tree')) await measureTree(options);
  if (options?.parts.includes('import')) await measureImport(options);
  if (options?.parts.includes('directory')) await measureDirectory(options);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
