/**
 * Throughput of each lens beside the bare library that reads or writes the same text: `npm run bench:lenses`.
 *
 * parse: the text to a value (validate). put: a save with one field changed. get: the canonical text. splice: the
 * text after one field changed, the rest kept. Medians of several rounds, in MB of text a second.
 */
import { performance } from 'node:perf_hooks';
import { parseTree } from 'jsonc-parser';
import { applyEdits } from '../lenses/apply.ts';
import { json } from '../lenses/json.ts';
import type { Lens } from '../lenses/lens.ts';
import { hashSource, leaf } from '../lenses/source.ts';
import { fromJs, type Value } from '../src/uarr/value.ts';

interface Row {
  readonly lens: Lens;
  readonly value: Value;
  /** Path of a field to change. */
  readonly field: readonly (string | number)[];
  readonly bare: readonly { readonly name: string; run(text: string): unknown }[];
}

const ROUNDS = 5;

function sample(records: number): Value {
  return fromJs({
    records: Array.from({ length: records }, (_, i) => ({
      id: i,
      name: `record ${i}`,
      ratio: i / 7,
      tags: ['a', 'b'],
      nested: { on: i % 2 === 0, text: 'some text of a usual length' },
    })),
  });
}

const ROWS: readonly Row[] = [
  {
    lens: json,
    value: sample(5000),
    field: ['records', 2500, 'name'],
    bare: [
      { name: 'jsonc-parser parseTree', run: (text) => parseTree(text) },
      { name: 'JSON.parse', run: (text) => JSON.parse(text) },
    ],
  },
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

for (const { lens, value, field, bare } of ROWS) {
  const source = leaf('bench', value, 'root');
  const bytes = lens.get(source);
  const text = Buffer.from(bytes).toString();
  const changed = applyEdits(source, [{ op: 'set', node: 'root', part: 'value', path: field, value: 'changed' }]);
  const kept = { text: bytes, hash: hashSource(source) };
  const saved = lens.get(changed, kept);
  const rate = (run: () => unknown): string => `${(bytes.length / 1e3 / medianMs(run)).toFixed(1)} MB/s`.padStart(12);
  console.log(`${lens.name} (${(bytes.length / 1e6).toFixed(2)} MB)`);
  console.log(`  parse  ${rate(() => lens.validate(bytes))}`);
  console.log(`  put    ${rate(() => lens.put(saved, source))}`);
  console.log(`  get    ${rate(() => lens.get(source))}`);
  console.log(`  splice ${rate(() => lens.get(changed, kept))}`);
  for (const { name, run } of bare) console.log(`  bare   ${rate(() => run(text))}  ${name}`);
}
