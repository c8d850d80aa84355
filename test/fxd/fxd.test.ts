import { expect, test } from 'vitest';
import { graphFromFxd, graphToFxd } from '../../src/fxd/fxd.ts';
import { FXD_SCHEMA, openSqlite } from '../../src/fxd/fxd-tables.ts';
import { graphFromFxwal } from '../../src/fxd/fxwal-graph.ts';
import { sampleGraph } from '../../src/fxd/sample.ts';
import { toJs } from '../../src/uarr/value.ts';
import { codesOf, outline, realFile } from './support.ts';

async function fileOf(sql: string): Promise<Uint8Array> {
  const database = await openSqlite();
  database.run(FXD_SCHEMA);
  database.run(sql);
  const bytes = database.export();
  database.close();
  return bytes;
}

test('the sample survives its own database', async () => {
  const graph = await graphFromFxd(await graphToFxd(sampleGraph()));
  expect(graph.problems).toEqual([]);
  expect(outline(graph.roots)).toEqual(outline(sampleGraph().roots));
  expect(graph.nodes.get('node0002')?.createdNs).toBe(sampleGraph().nodes.get('node0002')?.createdNs);
});

test('a text that FXD lost in a snippet row is taken from the node', async () => {
  const graph = await graphFromFxd(
    await fileOf(`
      INSERT INTO nodes(id, node_type) VALUES ('r', 'raw');
      INSERT INTO nodes(id, parent_id, key_name, node_type, value_json) VALUES
        ('a', 'r', 'a', 'snippet', '"let a;"'), ('b', 'r', 'b', 'snippet', NULL), ('c', 'r', 'c', 'snippet', NULL);
      INSERT INTO snippets(id, node_id, snippet_id, body, file_path) VALUES
        ('1', 'a', 'sa', '[object Object]', 'x.js'), ('2', 'b', 'sb', '[object Object]', NULL), ('3', 'c', 'sc', 'let c;', NULL),
        ('4', 'lost', 'sd', 'let d;', NULL);
    `),
  );
  expect(['a', 'b', 'c', 'lost'].map((id) => graph.nodes.get(id)?.value)).toEqual([
    'let a;',
    undefined,
    'let c;',
    'let d;',
  ]);
  expect(toJs(graph.nodes.get('a')?.meta ?? null)).toEqual({
    lang: 'js',
    file: 'x.js',
    id: 'sa',
    order: 0,
    version: 1,
  });
  expect(graph.orphans.map(({ id }) => id)).toEqual(['lost']);
  expect(codesOf(graph)).toEqual(['bad-snippet', 'bad-snippet', 'orphan']);
});

test('views are metadata of their anchor, project data of the root', async () => {
  const graph = await graphFromFxd(
    await fileOf(`
      INSERT INTO nodes(id, node_type) VALUES ('r', 'raw');
      INSERT INTO nodes(id, parent_id, key_name, node_type) VALUES ('a', 'r', 'a', 'raw');
      INSERT INTO views(id, name, anchor_node_id, selectors_json) VALUES ('v', 'all', 'a', '[".snippet"]'), ('w', 'rest', NULL, NULL);
      INSERT INTO view_components(view_id, snippet_id, order_index) VALUES ('v', 's2', 2), ('v', 's1', 1);
      INSERT INTO project_metadata(key, value) VALUES ('name', 'demo');
    `),
  );
  expect(toJs(graph.nodes.get('a')?.meta ?? null)).toEqual({
    'fxd.views': [{ id: 'v', name: 'all', selectors: ['.snippet'], renderOptions: null, snippets: ['s1', 's2'] }],
  });
  expect(toJs(graph.nodes.get('r')?.meta ?? null)).toMatchObject({
    'fxd.views': [{ id: 'w' }],
    'fxd.project': { name: 'demo' },
  });
});

test('JSON that does not parse is kept as text', async () => {
  const graph = await graphFromFxd(
    await fileOf("INSERT INTO nodes(id, node_type, value_json) VALUES ('r', 'raw', '{oops')"),
  );
  expect(graph.roots[0]?.value).toBe('{oops');
  expect(codesOf(graph)).toEqual(['bad-json']);
});

test('files that are none, cut, damaged or foreign are refused in one line', async () => {
  const good = await graphToFxd(sampleGraph());
  const broken = Uint8Array.from(good);
  broken.fill(0xff, 4096);
  const noTables = await openSqlite();
  noTables.run('CREATE TABLE x(y)');
  const foreign = noTables.export();
  noTables.close();
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('hello'),
    good.subarray(0, 99),
    good.subarray(0, 8192),
    broken,
    foreign,
  ]) {
    const refused = expect(graphFromFxd(bytes, 'demo.fxd')).rejects;
    await refused.toMatchObject({ code: 'BAD_SOURCE', message: expect.stringMatching(/^demo\.fxd [^\n]+: [^\n]+$/) });
  }
});

test('a file damaged anywhere gives a graph or BAD_SOURCE', async () => {
  const good = await graphToFxd(sampleGraph());
  for (let at = 0; at < good.length; at += 997) {
    const bytes = Uint8Array.from(good);
    bytes.fill(0xa5, at, at + 16);
    try {
      await graphFromFxd(bytes);
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_SOURCE' });
    }
  }
});

test('a file in write-ahead mode is opened', async () => {
  const bytes = Uint8Array.from(await graphToFxd(sampleGraph()));
  bytes[18] = 2;
  bytes[19] = 2;
  expect((await graphFromFxd(bytes)).nodes.size).toBe(41);
});

const demo = realFile('comprehensive-demo.fxd');
const demoLog = realFile('comprehensive-demo.fxwal');
const project = realFile('code-project.fxd');

test.skipIf(demo === undefined || demoLog === undefined)(
  'a real database and the last run of its log agree',
  async () => {
    const graph = await graphFromFxd(demo as Buffer);
    expect(graph.nodes.size).toBe(52);
    expect(graph.problems).toEqual([]);
    // The log also keeps metadata fields that are undefined, which JSON has not.
    const fromLog = outline(graphFromFxwal(demoLog as Buffer).roots.slice(-1)).map((line) =>
      line.replace('"order": null,', ''),
    );
    expect(outline(graph.roots)).toEqual(fromLog);
  },
);

test.skipIf(project === undefined)('a real project with snippets is read', async () => {
  const graph = await graphFromFxd(project as Buffer);
  expect(graph.nodes.size).toBe(33);
  const lines = outline(graph.roots);
  expect(lines).toContain('/app/name raw "My FXD Project" -');
  expect(lines.find((line) => line.startsWith('/code/greet '))).toContain('function greet(name)');
});
