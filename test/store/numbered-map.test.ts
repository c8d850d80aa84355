import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberedMap } from '../../src/store/numbered-map.ts';

const key = fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 2 ** 40, max: 2 ** 40 + 2000 }));

test('a numbered map holds what a Map holds, whatever is set and deleted', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 400 }), (steps) => {
      const map = new NumberedMap<string>();
      const model = new Map<number, string>();
      for (const [number, isSet] of steps) {
        if (isSet) {
          map.set(number, `value ${number}`);
          model.set(number, `value ${number}`);
        } else {
          map.delete(number);
          model.delete(number);
        }
        expect(map.size).toBe(model.size);
      }
      for (const [number] of steps) expect(map.get(number)).toBe(model.get(number));
      expect([...map.values()].sort()).toEqual([...model.values()].sort());
    }),
  );
});

test('values are met while those already met are deleted, as eviction does', () => {
  const map = new NumberedMap<number>();
  for (let i = 0; i < 5000; i++) map.set(i, i);
  const met: number[] = [];
  for (const value of map.values()) {
    met.push(value);
    map.delete(value);
  }
  expect(met).toHaveLength(5000);
  expect(map.size).toBe(0);
});
