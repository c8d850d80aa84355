import { expect, test } from 'vitest';
import { parseDefinition } from '../../src/views/definition.ts';

function problemOf(text: string): string {
  try {
    parseDefinition(text);
    return 'none';
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID' });
    return (error as Error).message;
  }
}

test('a definition is read from JSON and from YAML alike', () => {
  const fromYaml = parseDefinition(
    'from: /people\nselect: "[age>=18]"\nfields: [name, a/b]\nsort: [-age, name]\nlimit: 3\n',
  );
  const fromJson = parseDefinition(
    '{"from": "/people", "select": "[age>=18]", "fields": ["name", "a/b"], "sort": ["-age", "name"], "limit": 3}',
  );
  expect(fromYaml).toEqual(fromJson);
  expect(fromYaml).toMatchObject({
    kind: 'projection',
    fields: ['name', 'a/b'],
    limit: 3,
    sort: [
      { field: 'age', isDescending: true },
      { field: 'name', isDescending: false },
    ],
  });
});

test('an aggregation names what it sums up', () => {
  const { values } = parseDefinition('{kind: aggregation, group: city, values: {n: count, oldest: max(age)}}');
  expect([...values]).toEqual([
    ['n', { of: 'count', field: '' }],
    ['oldest', { of: 'max', field: 'age' }],
  ]);
});

test('what is wrong is told with its key and place', () => {
  const problems = [
    'from: /a\nform: /b',
    'from: people',
    'from: 7',
    'kind: computed',
    'limit: -1',
    'limit: many',
    'fields: name',
    'sort: []',
    'select: "[["',
    'options: 3',
    'group: a',
    '{kind: aggregation, fields: [a], values: {n: count}}',
    '{kind: aggregation}',
    '{kind: aggregation, values: {n: average(a)}}',
    '[1]',
    'a: [',
    `from: /${'x'.repeat(70_000)}`,
  ].map(problemOf);
  expect(problems).toMatchInlineSnapshot(`
    [
      "definition:2:1: there is no key "form"; there are kind, from, select, fields, group, values, sort, limit, lens, options",
      "definition:1:7: "from" is the path of a directory, starting with "/"",
      "definition:1:7: "from" is a text that is not empty",
      "definition:1:7: "kind": there is no "computed"; there are projection and aggregation",
      "definition:1:8: "limit" is an integer from 0",
      "definition:1:8: "limit" is an integer from 0",
      "definition:1:9: "fields" is a list of names of fields",
      "definition:1:7: "sort" is a list of names of fields",
      "definition:1:9: "select": the selector is wrong at column 2: the name of an attribute is expected",
      "definition:1:10: "options" is a map",
      "definition:1:1: "group" has no meaning in a view of kind projection",
      "definition:1:21: "fields" has no meaning in a view of kind aggregation",
      "definition:1:1: an aggregation needs "values"",
      "definition:1:33: "values": "n" is count, sum(field), min(field) or max(field)",
      "definition:1:1: a definition is a map of keys such as "from"",
      "definition:1:5: Flow sequence in block collection must be sufficiently indented and end with a ]",
      "the definition has 70007 bytes, 65536 at most",
    ]
  `);
});
