import { expect, test } from 'vitest';
import { formatDiagnostic } from '../../lenses/diagnostics.ts';
import { json } from '../../lenses/json.ts';
import { checkSchema, schemaProblems } from '../../lenses/schema.ts';

function problems(schema: object | boolean, text: string): string[] {
  const bytes = Buffer.from(text);
  const created = json.create(bytes);
  if (!created.ok) throw new Error('no JSON');
  const found = schemaProblems(JSON.stringify(schema), json, bytes, created.source.value);
  return found.map((diagnostic) => formatDiagnostic('f', diagnostic));
}

const SERVICE = {
  type: 'object',
  properties: {
    port: { type: 'integer', minimum: 1, maximum: 65535 },
    hosts: { type: 'array', items: { type: 'string' } },
    level: { enum: ['low', 'high'] },
  },
  required: ['port'],
  additionalProperties: false,
};

test('problems stand where the text has them, in its order', () => {
  const text = '{\n  "level": "middle",\n  "hosts": ["a", 7],\n  "port": 70000,\n  "prot": 1\n}\n';
  expect(problems(SERVICE, text)).toEqual([
    'f:2:12: error: "level" must be one of "low", "high" [schema-enum]',
    'f:3:18: error: "hosts.1" must be string [schema-type]',
    'f:4:11: error: "port" must be <= 65535 [schema-maximum]',
    'f:5:3: error: the document has the key "prot", which the schema does not know [schema-additionalProperties]',
  ]);
  expect(problems(SERVICE, '{}')).toEqual(['f:1:1: error: the document lacks the key "port" [schema-required]']);
  expect(problems(SERVICE, '{"port": 8080}')).toEqual([]);
});

test('integers of any size are integers, and keys mean nothing but themselves', () => {
  expect(problems({ type: 'integer' }, '9007199254740993')).toEqual([]);
  expect(problems({ type: 'integer' }, '1.5')).toHaveLength(1);
  const closed = { type: 'object', additionalProperties: false };
  expect(problems(closed, '{"__proto__": {"x": 1}}')).toEqual([
    'f:1:2: error: the document has the key "__proto__", which the schema does not know [schema-additionalProperties]',
  ]);
  expect(problems({ type: 'object', required: ['toString'] }, '{}')).toHaveLength(1);
});

test('of alternatives only the one that came furthest is told of', () => {
  const variant = (kind: string, field: string) => ({
    type: 'object',
    properties: { kind: { const: kind }, options: { type: 'object', properties: { [field]: { type: 'integer' } } } },
  });
  const schema = { oneOf: [{ type: 'string' }, variant('a', 'size')] };
  expect(problems(schema, '{"kind": "a", "options": {"size": "x"}}')).toEqual([
    'f:1:35: error: "options.size" must be integer [schema-type]',
  ]);
  expect(problems({ oneOf: [{ type: 'string' }, { type: 'integer' }] }, 'true')).toEqual([
    'f:1:1: error: the document must match exactly one schema in oneOf [schema-oneOf]',
  ]);
});

test('an alternative may be a reference, and what stands beside is told as well', () => {
  const schema = {
    definitions: {
      text: { type: 'string' },
      box: { type: 'object', properties: { size: { type: 'object', properties: { w: { type: 'integer' } } } } },
    },
    required: ['id'],
    anyOf: [{ $ref: '#/definitions/text' }, { $ref: '#/definitions/box' }],
  };
  expect(problems(schema, '{"size": {"w": "x"}}')).toEqual([
    'f:1:1: error: the document lacks the key "id" [schema-required]',
    'f:1:16: error: "size.w" must be integer [schema-type]',
  ]);
});

test('integers are compared exactly', () => {
  const schema = { items: { maximum: 2 ** 53, exclusiveMinimum: 0 } };
  expect(problems(schema, '[9007199254740992, 9007199254740993, 0]')).toEqual([
    'f:1:20: error: "1" must be <= 9007199254740992 [schema-maximum]',
    'f:1:38: error: "2" must be > 0 [schema-exclusiveMinimum]',
  ]);
});

test('drafts 7, 2019-09 and 2020-12 are known by their names', () => {
  const tuple = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    prefixItems: [{ type: 'string' }],
    items: false,
  };
  expect(problems(tuple, '["a", 1]')).toHaveLength(1);
  const dependent = { $schema: 'https://json-schema.org/draft/2019-09/schema', dependentRequired: { a: ['b'] } };
  expect(problems(dependent, '{"a": 1}')).toHaveLength(1);
  expect(problems({ $schema: 'http://json-schema.org/draft-07/schema#', const: 1 }, '2')).toHaveLength(1);
});

test('what is no schema says why', () => {
  const reason = (text: string) => {
    try {
      checkSchema(text);
      return 'none';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(reason('{')).toMatch(/^this is no JSON Schema: /);
  expect(reason('[]')).toMatch(/neither an object nor true or false/);
  expect(reason('{"type": "strnig"}')).toMatch(/type/);
  expect(reason('{"$ref": "https://example.org/x.json"}')).toMatch(/can't resolve reference/);
  expect(reason('true')).toBe('none');
});
