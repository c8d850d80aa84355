import { expect, test } from 'vitest';
import { applyEdits } from '../../lenses/apply.ts';
import { hashSource, leaf } from '../../lenses/source.ts';
import { yaml } from '../../lenses/yaml.ts';
import { isContainer, placesOf } from '../support/lenses/changes.ts';
import { parse } from '../support/lenses/golden.ts';
import { COMPOSE, longYaml, MANIFESTS, WORKFLOW } from '../support/lenses/yaml-samples.ts';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Lines of `a` that are not in `b` at their place, counted from both ends. */
function changedLines(a: string, b: string): string[] {
  const before = a.split('\n');
  const after = b.split('\n');
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return before.slice(head, before.length - tail);
}

/** Changes each scalar that stands on one line, one at a time, as a program does. */
function changeEach(text: string, every: number): number {
  const source = leaf('sample', parse(yaml, text), 'root');
  const complement = { text: Buffer.from(text), hash: hashSource(source) };
  let count = 0;
  for (const [i, { path, value }] of placesOf(source.value).entries()) {
    if (i % every !== 0 || isContainer(value) || (typeof value === 'string' && value.includes('\n'))) continue;
    const changed = applyEdits(source, [{ op: 'set', node: 'root', part: 'value', path, value: 'another text' }]);
    const next = textOf(yaml.get(changed, complement));
    const lines = changedLines(text, next);
    expect(lines.length, `${path.join('.')}: ${lines.join('\n')}`).toBeLessThanOrEqual(1);
    expect(next.split('\n')).toHaveLength(text.split('\n').length);
    const put = yaml.put(Buffer.from(next), source);
    expect(put.ok && put.edits, path.join('.')).toMatchObject([{ op: 'set', path, value: 'another text' }]);
    count++;
  }
  return count;
}

test('one field of a workflow, changed, is one line, and one line changed is one edit', () => {
  expect(changeEach(WORKFLOW, 1)).toBeGreaterThan(20);
});

test('the same holds for manifests of several documents', () => {
  expect(changeEach(MANIFESTS, 1)).toBeGreaterThan(20);
});

test('the same holds for a thousand lines', () => {
  const text = longYaml();
  expect(text.split('\n').length).toBeGreaterThan(1000);
  expect(changeEach(text, 61)).toBeGreaterThan(8);
});

test('what several services share by a merge key is written out where it changes', () => {
  const source = leaf('sample', parse(yaml, COMPOSE), 'root');
  const complement = { text: Buffer.from(COMPOSE), hash: hashSource(source) };
  const set = (path: string[], value: string | bigint) =>
    textOf(yaml.get(applyEdits(source, [{ op: 'set', node: 'root', part: 'value', path, value }]), complement));
  expect(set(['services', 'web', 'restart'], 'no')).toBe(
    COMPOSE.replace('retries: 3\n', 'retries: 3\n    restart: "no"\n'),
  );
  expect(set(['services', 'database', 'mem_limit'], 5n)).toBe(COMPOSE.replace('0x20000000', '5'));
  expect(set(['services', 'database', 'command'], 'postgres')).toBe(
    COMPOSE.replace('>\n      postgres\n      -c shared_buffers=256MB\n', 'postgres\n'),
  );
});
