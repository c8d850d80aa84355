/**
 * Throughput of each lens beside the bare library that reads or writes the same text: `npm run bench:lenses`.
 *
 * parse: the text to a value (validate). put: a save with one field changed. get: the canonical text. splice: the
 * text after one field changed, the rest kept. Medians of several rounds, in MB of text a second.
 */
import { performance } from 'node:perf_hooks';
import { parseTree } from 'jsonc-parser';
import { parseTOML } from 'toml-eslint-parser';
import { parseDocument } from 'yaml';
import { applyEdits } from '../lenses/apply.ts';
import { csv } from '../lenses/csv.ts';
import type { Edit, FieldPath } from '../lenses/edits.ts';
import { env } from '../lenses/env.ts';
import { ini } from '../lenses/ini.ts';
import { json } from '../lenses/json.ts';
import { jsonl } from '../lenses/jsonl.ts';
import type { Lens } from '../lenses/lens.ts';
import { properties } from '../lenses/properties.ts';
import { snippets } from '../lenses/snippets.ts';
import { branch, hashSource, leaf, type SourceNode } from '../lenses/source.ts';
import { toml } from '../lenses/toml.ts';
import { uarr } from '../lenses/uarr.ts';
import { yaml } from '../lenses/yaml.ts';
import { fromJs, type ValueMap } from '../src/uarr/value.ts';

interface Row {
  readonly lens: Lens;
  readonly source: SourceNode;
  /** The change whose splicing is measured. */
  readonly edit: Edit;
  readonly bare: readonly { readonly name: string; run(text: string): unknown }[];
}

const ROUNDS = 5;
const RECORDS = 2000;

const record = (i: number) => ({
  id: i,
  name: `record ${i}`,
  ratio: i / 7,
  tags: ['a', 'b'],
  nested: { on: i % 2 === 0, text: 'some text of a usual length' },
});
const records = Array.from({ length: RECORDS }, (_, i) => record(i));
const changed = (path: FieldPath, node = 'root'): Edit => ({ op: 'set', node, part: 'value', path, value: 'changed' });
const ofValue = (value: unknown): SourceNode => leaf('bench', fromJs(value), 'root');
const rows = (make: (i: number) => SourceNode): SourceNode =>
  branch(
    'bench',
    records.map((_, i) => make(i)),
    'root',
  );
const inRecords = changed(['records', RECORDS / 2, 'name']);
const flat = Object.fromEntries(records.map(({ id, name }) => [`KEY_${id}`, name]));
const inFlat = changed([`KEY_${RECORDS / 2}`]);
const inRow = `n${RECORDS / 2}`;
const flatRecord = (i: number) => ({ id: i, name: `record ${i}`, ratio: i / 7, on: i % 2 === 0 });

const ROWS: readonly Row[] = [
  {
    lens: json,
    source: ofValue({ records }),
    edit: inRecords,
    bare: [
      { name: 'jsonc-parser parseTree', run: (text) => parseTree(text) },
      { name: 'JSON.parse', run: (text) => JSON.parse(text) },
    ],
  },
  {
    lens: yaml,
    source: ofValue({ records: records.slice(0, RECORDS / 4) }),
    edit: changed(['records', RECORDS / 8, 'name']),
    bare: [{ name: 'yaml parseDocument', run: (text) => parseDocument(text) }],
  },
  {
    lens: toml,
    source: ofValue({ records }),
    edit: inRecords,
    bare: [{ name: 'toml-eslint-parser parseTOML', run: (text) => parseTOML(text) }],
  },
  {
    lens: csv,
    source: rows((i) => leaf(`r${i}`, fromJs(flatRecord(i)), `n${i}`)),
    edit: changed(['name'], inRow),
    bare: [],
  },
  {
    lens: jsonl,
    source: rows((i) => leaf(`r${i}`, fromJs(record(i)), `n${i}`)),
    edit: changed(['name'], inRow),
    bare: [],
  },
  {
    lens: snippets,
    source: rows((i) =>
      leaf(
        `s${i}`,
        'function f() {\n  return 1;\n}\n'.repeat(8),
        `n${i}`,
        fromJs({ id: `s${i}`, lang: 'js', order: i }) as ValueMap,
      ),
    ),
    edit: changed([], inRow),
    bare: [],
  },
  { lens: env, source: ofValue(flat), edit: inFlat, bare: [] },
  { lens: ini, source: ofValue({ section: flat }), edit: changed(['section', `KEY_${RECORDS / 2}`]), bare: [] },
  { lens: properties, source: ofValue(flat), edit: inFlat, bare: [] },
  { lens: uarr, source: ofValue({ records }), edit: inRecords, bare: [] },
];

function medianMs(run: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[ROUNDS >> 1] as number;
}

for (const { lens, source, edit, bare } of ROWS) {
  const bytes = lens.get(source);
  const content = Buffer.from(bytes).toString();
  const after = applyEdits(source, [edit]);
  const kept = { text: bytes, hash: hashSource(source) };
  const saved = lens.get(after, kept);
  const rate = (run: () => unknown): string => `${(bytes.length / 1e3 / medianMs(run)).toFixed(1)} MB/s`.padStart(12);
  console.log(`${lens.name} (${(bytes.length / 1e6).toFixed(2)} MB)`);
  console.log(`  parse  ${rate(() => lens.validate(bytes))}`);
  console.log(`  put    ${rate(() => lens.put(saved, source))}`);
  console.log(`  get    ${rate(() => lens.get(source))}`);
  console.log(`  splice ${rate(() => lens.get(after, kept))}`);
  for (const { name, run } of bare) console.log(`  bare   ${rate(() => run(content))}  ${name}`);
}
