import { expect, test } from 'vitest';
import { leaf } from '../../lenses/source.ts';
import { uarr } from '../../lenses/uarr.ts';
import { encode } from '../../src/uarr/v2.ts';
import { fromJs, Sized, type Value } from '../../src/uarr/value.ts';

const base = leaf(
  'x',
  new Map<string, Value>([
    ['port', new Sized('u16', 80)],
    ['name', 'a'],
  ]),
  'root',
);

test('a value is its encoding', () => {
  expect(uarr.get(base)).toEqual(encode(base.value));
  expect(uarr.create(encode(base.value))).toMatchObject({ ok: true, source: { value: base.value } });
});

test('a changed field is one edit, with its exact type', () => {
  const next = new Map(base.value as Map<string, Value>).set('port', 81n);
  expect(uarr.put(encode(next), base)).toMatchObject({ edits: [{ op: 'set', path: ['port'], value: 81n }] });
  const other = new Map([...(base.value as Map<string, Value>)].reverse());
  expect(uarr.put(encode(other), base)).toMatchObject({ edits: [{ op: 'set', path: [] }] });
});

test('other bytes are refused', () => {
  const bytes = Buffer.from(encode(fromJs({ a: 'text' })));
  for (let cut = 0; cut < bytes.length; cut++) expect(uarr.validate(bytes.subarray(0, cut))[0]?.code).toBe('damaged');
  expect(uarr.validate(Buffer.concat([bytes, Buffer.alloc(8)]))[0]?.code).toBe('damaged');
  expect(uarr.put(Buffer.from('text'), base)).toMatchObject({ ok: false });
});
