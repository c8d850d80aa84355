/**
 * A sample FXD graph in the shape of real ones: configuration as maps with a child node for each field, a user,
 * code snippets in two files, views, and empty places for what a program adds. Always the same, for tests and for
 * trying out the import; `graphToFxwal` and `graphToFxd` make files of it.
 */
import { fromJs, type Value, type ValueMap } from '../uarr/value.ts';
import { type FxdGraph, GraphBuilder } from './graph.ts';

const START_NS = 1_700_000_000_000_000_000n;

class SampleMaker {
  readonly builder = new GraphBuilder();
  private count = 0;

  add(
    parentId: string | null,
    key: string | null,
    type = 'raw',
    value?: unknown,
    meta?: Record<string, unknown>,
  ): string {
    const id = `node${String(++this.count).padStart(4, '0')}`;
    const timeNs = START_NS + BigInt(this.count) * 1_000_000_000n;
    this.builder.define({
      id,
      parentId,
      key,
      type,
      value: value === undefined ? undefined : fromJs(value),
      meta: meta === undefined ? null : (fromJs(meta) as ValueMap),
      proto: [[]] as Value,
      createdNs: timeNs,
      modifiedNs: timeNs,
    });
    return id;
  }

  /** A node with the value, and below it a node for each field of an object, as FXD expands them. */
  tree(parentId: string, key: string, value: unknown): string {
    if (Array.isArray(value)) return this.add(parentId, key, 'Array', value);
    if (typeof value === 'object' && value !== null) {
      const id = this.add(parentId, key, 'object', value);
      for (const [field, member] of Object.entries(value)) this.tree(id, field, member);
      return id;
    }
    return this.add(parentId, key, typeof value === 'number' ? 'parsed' : 'raw', value);
  }

  snippet(parentId: string, key: string, order: number, id: string, file: string, text: string): string {
    return this.add(parentId, key, 'snippet', text, { lang: 'js', file, id, order, version: 1 });
  }
}

const CONFIG = {
  selectors: { operators: ['=', '!=', '^=', '$='], caseSensitive: true },
  server: { host: 'localhost', port: 8080, timeoutMs: 30_000, tls: false },
  limits: { ratio: 0.75, bytesMax: 5_000_000_000 },
};

/** The sample: 41 nodes. */
export function sampleGraph(): FxdGraph {
  const make = new SampleMaker();
  const root = make.add(null, null);
  const app = make.add(root, 'app');
  make.tree(app, 'name', 'Sample');
  make.tree(app, 'version', '1.2.0');
  make.tree(make.add(root, 'config'), 'fx', CONFIG);
  for (const key of ['plugins', 'modules', 'session', 'cache']) make.add(root, key);
  const code = make.add(root, 'code');
  const utils = make.add(code, 'utils');
  make.snippet(utils, 'add', 0, 'add-001', 'src/math.js', 'export function add(a, b) {\n  return a + b;\n}');
  make.snippet(utils, 'scale', 1, 'scale-001', 'src/math.js', 'export function scale(a, by) {\n  return a * by;\n}');
  const main = make.add(code, 'main');
  make.snippet(
    main,
    'entry',
    0,
    'entry-001',
    'src/main.js',
    "import { add } from './math.js';\n\nconsole.log(add(2, 3));",
  );
  make.add(make.add(root, 'views'), 'codebase');
  const users = make.add(root, 'users');
  for (const [key, name, age] of [
    ['ada', 'Ada Lovelace', 36],
    ['grace', 'Grace Hopper', 85],
  ] as const) {
    const user = make.add(users, key);
    make.tree(user, 'name', name);
    make.tree(user, 'age', age);
    make.tree(user, 'email', `${key}@example.com`);
  }
  make.snippet(make.add(make.add(root, 'snippets'), 'orphans'), 'lost', 0, 'lost-001', '', '');
  return make.builder.finish();
}
