/**
 * Commands on nodes: ls, tree, stat, get, put, rm, mv.
 */
import { type Command, Option } from 'commander';
import type { PlainMap } from '../daemon/plain.ts';
import type { Row } from '../daemon/verb.ts';
import { PUT_TYPES } from '../daemon/verbs-write.ts';
import { count, examples, JSON_ROWS, run, runBytes, runRows } from './command.ts';
import { printable, printJson, printLine } from './output.ts';

export function addNodeCommands(program: Command): void {
  addLooking(program);
  addSelect(program);
  addStat(program);
  addGet(program);
  addPut(program);
  addRemoving(program);
}

function addLooking(program: Command): void {
  program
    .command('ls')
    .summary('list a directory of the tree')
    .description(
      'Lists the entries of a directory, in the order in which they were made. Any other node is listed itself.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('[path]', 'node path', '/')
    .option('-l, --long', 'with mode, owner, type, size and time')
    .option('--json', JSON_ROWS)
    .addHelpText(
      'after',
      examples('fxmount ls store', 'fxmount ls -l store /config', 'fxmount ls --json store | jq .name'),
    )
    .action((store: string, path: string, { long, json }: { long?: boolean; json?: boolean }) =>
      runRows(store, 'ls', { path }, json === true, long === true ? longLine : nameOf),
    );
  program
    .command('tree')
    .summary('draw a subtree')
    .description('Draws a subtree, each node with the type of its value.')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('[path]', 'node path', '/')
    .option('--depth <levels>', 'go no deeper than this', count)
    .option('--json', `${JSON_ROWS}, with its depth`)
    .addHelpText('after', examples('fxmount tree store', 'fxmount tree --depth 2 store /config'))
    .action(async (store: string, path: string, { depth, json }: { depth?: number; json?: boolean }) => {
      const draw = treeDrawer();
      await runRows(store, 'tree', depth === undefined ? { path } : { path, depth }, json === true, draw);
    });
}

const SELECTORS = `
Selectors:
  .map  .directory  .TYPE   by type: of the value, of the node, or the one that FXD gave it
  #ID                       by NodeID, or by the id in FXD
  [port]  [server/port]     the attribute is there: in the metadata, the value's fields, or the entries
  [port=8080]  !=  ^=  $=  *=  >=  <=  >  <
  :not(…)  :has(…)          none of them matches; something below matches
  A B   A > B   A, B        B below A; B right in A; either
`;

function addSelect(program: Command): void {
  program
    .command('select')
    .summary('find nodes by type, metadata and fields')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('<selector>', 'which nodes')
    .argument('[path]', 'only at or below this node', '/')
    .option('-l, --long', 'with mode, owner, type, size and time')
    .option('--json', JSON_ROWS)
    .addHelpText(
      'after',
      SELECTORS +
        examples("fxmount select store '.map[port>=8000]'", "fxmount select store '[tags*=web] > .string' /config"),
    )
    .action((store: string, selector: string, path: string, { long, json }: { long?: boolean; json?: boolean }) =>
      runRows(store, 'select', { selector, path }, json === true, long === true ? longLine : nameOf),
    );
}

function nameOf(row: Row): string {
  const slash = row.kind === 'directory' && row.name !== '/' ? '/' : '';
  return `${printable(String(row.name))}${slash}`;
}

function suffixOf(row: Row): string {
  return row.target === null ? '' : ` -> ${printable(String(row.target))}`;
}

function longLine(row: Row): string {
  const owner = `${row.uid}:${row.gid}`;
  const type = String(row.type ?? row.kind);
  const time = String(row.mtime).slice(0, 19).replace('T', ' ');
  return `${row.mode} ${owner.padEnd(11)} ${type.padEnd(9)} ${String(row.size).padStart(10)} ${time} ${nameOf(row)}${suffixOf(row)}`;
}

/** Draws rows of the verb `tree`, which come parents first, with lines to what is still to come. */
function treeDrawer(): (row: Row) => string {
  const open: boolean[] = [];
  return (row) => {
    const depth = Number(row.depth);
    const type = row.type === null ? '' : `  (${row.type})`;
    const text = `${nameOf(row)}${suffixOf(row)}${type}`;
    if (depth === 0) return text;
    let lead = '';
    for (let level = 1; level < depth; level++) lead += open[level] === true ? '│   ' : '    ';
    open[depth] = row.last !== true;
    return `${lead}${row.last === true ? '└── ' : '├── '}${text}`;
  };
}

function addStat(program: Command): void {
  program
    .command('stat')
    .summary('show all about a node')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('<path>', 'node path, or n:<NodeID>')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples('fxmount stat store /config/port', 'fxmount stat --json store n:1CkYb…'))
    .action(async (store: string, path: string, { json }: { json?: boolean }) => {
      const node = (await run(store, 'stat', { path })) as PlainMap;
      if (json === true) return printJson(node);
      for (const [key, value] of Object.entries(node)) {
        if (value === null) continue;
        await printLine(
          `${key.padEnd(12)} ${printable(typeof value === 'object' ? JSON.stringify(value) : String(value))}`,
        );
      }
    });
}

function addGet(program: Command): void {
  program
    .command('get')
    .summary('print the value or content of a node')
    .description(
      'Prints what a mount would show: a file’s bytes, or a typed value through the raw lens; of a symlink its target.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('<path>', 'node path, or n:<NodeID>')
    .option('--json', 'print a typed value as JSON, strings too')
    .addHelpText('after', examples('fxmount get store /config/port', 'fxmount get store /photo.jpg > photo.jpg'))
    .action((store: string, path: string, { json }: { json?: boolean }) =>
      runBytes(store, 'get', { path, json: json === true }),
    );
}

interface PutOptions {
  type?: string;
  parents?: boolean;
  replace: boolean;
}

function addPut(program: Command): void {
  program
    .command('put')
    .summary('set the value or content of a node, creating it when absent')
    .description(
      'Sets the value of a node and creates the node when there is none. A node that is there keeps its identity, ' +
        'mode and links.\nThe value is the argument, or standard input for "-" or none.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('<path>', 'node path')
    .argument('[value]', 'the value; "-" reads standard input', '-')
    .addOption(new Option('-t, --type <type>', 'how to take the value').choices(PUT_TYPES).default('string'))
    .option('-p, --parents', 'create missing directories')
    .option('--no-replace', 'fail if there is a node already')
    .addHelpText(
      'after',
      examples(
        "fxmount put store /greeting 'hello'",
        'fxmount put store /config/port 8080 --type int --parents',
        `fxmount put store /config/db '{"host": "localhost"}' --type json`,
        'fxmount put store /photo.jpg --type blob < photo.jpg',
      ),
    )
    .action(async (store: string, path: string, value: string, options: PutOptions) => {
      const input = value === '-' ? (process.stdin as AsyncIterable<Uint8Array>) : once(Buffer.from(value, 'utf8'));
      const args = {
        path,
        type: options.type ?? 'string',
        parents: options.parents === true,
        noReplace: !options.replace,
      };
      await run(store, 'put', args, { input });
      if (value === '-') process.stdin.destroy();
    });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  if (bytes.length > 0) yield bytes;
}

function addRemoving(program: Command): void {
  program
    .command('rm')
    .summary('remove a name from the tree')
    .description('Removes a name; its node goes with its last name.')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('<path>', 'node path')
    .option('-r, --recursive', 'remove a directory with all below it')
    .addHelpText('after', examples('fxmount rm store /greeting', 'fxmount rm -r store /config'))
    .action(async (store: string, path: string, { recursive }: { recursive?: boolean }) => {
      await run(store, 'rm', { path, recursive: recursive === true });
    });
  program
    .command('mv')
    .summary('rename or move a node')
    .description(
      'Gives a node a new path, as rename(2) does: TO is the new name itself, and what it named before is replaced.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('<from>', 'node path')
    .argument('<to>', 'new node path')
    .option('--no-replace', 'fail if TO is there already')
    .addHelpText('after', examples('fxmount mv store /draft.txt /final.txt', 'fxmount mv --no-replace store /a /b/a'))
    .action(async (store: string, from: string, to: string, { replace }: { replace: boolean }) => {
      await run(store, 'mv', { from, to, noReplace: !replace });
    });
}
