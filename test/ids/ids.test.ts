/** NodeIDs and names: text and bytes, both ways. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newNodeId, nodeIdFromText, nodeIdToText } from '../../src/ids.ts';
import { checkName, nameFromText, nameToText } from '../../src/names.ts';

const byteString = (constraints: { minLength: number; maxLength: number }) =>
  fc.uint8Array(constraints).map((bytes) => Buffer.from(bytes).latin1Slice());

test('the text of a NodeID is its base58 number, always 22 characters', () => {
  expect(nodeIdToText('\0'.repeat(16))).toBe('1'.repeat(22));
  expect(nodeIdToText(`${'\0'.repeat(15)}\x3a`)).toBe(`${'1'.repeat(20)}21`);
  expect(nodeIdToText('\xff'.repeat(16))).toBe('YcVfxkQb6JRzqk5kF2tNLv');
});

test('every NodeID comes back from its text, and texts sort as NodeIDs do', () => {
  const id = byteString({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(id, id, (one, other) => {
      expect(nodeIdFromText(nodeIdToText(one))).toBe(one);
      expect(nodeIdToText(one) < nodeIdToText(other)).toBe(one < other);
    }),
  );
});

test('what is no NodeID text is refused with the reason', () => {
  for (const text of ['', 'x', '0'.repeat(22), 'l'.repeat(22), 'z'.repeat(22), '1'.repeat(23)]) {
    expect(() => nodeIdFromText(text)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  }
});

test('new NodeIDs differ, and sort by time', () => {
  const ids = Array.from({ length: 5000 }, (_, i) => newNodeId(1_700_000_000_000 + i));
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});

test('every byte string comes back from its text, valid UTF-8 or not', () => {
  fc.assert(
    fc.property(byteString({ minLength: 0, maxLength: 40 }), (name) => nameFromText(nameToText(name)) === name),
  );
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => nameToText(nameFromText(text)) === text));
  expect(nameToText('caf\xc3\xa9')).toBe('café');
  expect(nameToText('caf\xe9')).toBe('caf\udce9');
});

test('names that cannot stand in a directory are refused', () => {
  for (const name of ['', '.', '..', 'a/b', 'a\0']) {
    expect(() => checkName(name)).toThrow(expect.objectContaining({ code: 'BAD_NAME' }));
  }
  expect(() => checkName('x'.repeat(256))).toThrow(expect.objectContaining({ code: 'NAME_TOO_LONG' }));
  checkName('x'.repeat(255));
  checkName('...');
});
