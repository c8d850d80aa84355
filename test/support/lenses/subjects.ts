/** The subjects of the law suite: one for each lens of the registry. */
import fc from 'fast-check';
import { csv } from '../../../lenses/csv.ts';
import { env } from '../../../lenses/env.ts';
import { ini } from '../../../lenses/ini.ts';
import { json, jsonc } from '../../../lenses/json.ts';
import { jsonl } from '../../../lenses/jsonl.ts';
import type { Lens } from '../../../lenses/lens.ts';
import { markdown } from '../../../lenses/markdown.ts';
import { properties } from '../../../lenses/properties.ts';
import { raw } from '../../../lenses/raw.ts';
import { snippets } from '../../../lenses/snippets.ts';
import { text } from '../../../lenses/text.ts';
import { toml } from '../../../lenses/toml.ts';
import { tree } from '../../../lenses/tree.ts';
import { uarr } from '../../../lenses/uarr.ts';
import { yaml } from '../../../lenses/yaml.ts';
import type { Value } from '../../../src/uarr/value.ts';
import { lineChange, lineSets } from './line-sets.ts';
import { addBom, addJsonComments, changeLastNewline, respaceJson } from './noise.ts';
import {
  changeJsonLines,
  changeLineEndings,
  envQuotes,
  iniQuotes,
  layoutNoise,
  respellProperties,
  restyleFront,
} from './noise-lines.ts';
import { addTomlComments, restyleToml, unquoteTimes } from './noise-toml.ts';
import { addYamlComments, addYamlTags, restyleYaml, splitDocuments } from './noise-yaml.ts';
import {
  addBlankLines,
  dropAttributes,
  keepChecksums,
  shuffleBlocks,
  snippetChange,
  snippetSets,
  toCrLf,
} from './snippet-sets.ts';
import { type Subject, typedSubject, valueSubject } from './subject.ts';
import { addQuotes, changeLineEnds, swapColumns, tableChange, tables } from './tables.ts';
import { treeChange, trees } from './trees.ts';
import { illFormedTexts, keys, maps, scalars, texts, values } from './values.ts';

const sample = (of: fc.Arbitrary<Value>): Value[] => fc.sample(of, { numRuns: 64, seed: 7 });

const jsonValues = values(illFormedTexts, illFormedTexts);
const jsonPool = sample(jsonValues);
const scalarValues = fc.oneof(texts as fc.Arbitrary<Value>, scalars());
const rawValues = fc.oneof(fc.uint8Array({ maxLength: 40 }) as fc.Arbitrary<Value>, scalarValues, values());

const treePool = sample(scalars());
const slotKeys = fc.constantFrom('a', 'b', 'port', 'x y', 'é', '__proto__', '1', 'true', '.hidden');
const yamlNoise = {
  bom: addBom,
  comments: addYamlComments,
  tags: addYamlTags,
  documents: (text: string) => text,
  style: restyleYaml,
};

const iniKeys = fc.constantFrom('a', 'name', 'a b', 'é', 'x.y', '__proto__', 'server');
const flat = (key: fc.Arbitrary<string>): fc.Arbitrary<Value> => maps(scalars(), key);
const documents = fc
  .record({ body: texts, front: fc.oneof(maps(values()), scalars(), fc.constant(null)) }, { requiredKeys: ['body'] })
  .map((fields) => new Map(Object.entries(fields)) as Value);

function pairSubject(lens: Lens, source: fc.Arbitrary<Value>, noise: Subject['noise']): Subject {
  const pool = sample(fc.oneof(scalars(), flat(iniKeys)));
  return valueSubject(lens, source, { bom: addBom, layout: layoutNoise, ...noise }, pool);
}

export const SUBJECTS: readonly Subject[] = [
  typedSubject(raw, rawValues, {}, sample(rawValues)),
  typedSubject(text, scalarValues, { bom: addBom, 'last-newline': changeLastNewline }, sample(scalarValues)),
  valueSubject(json, jsonValues, { bom: addBom, 'json-text': respaceJson }, jsonPool),
  valueSubject(jsonc, jsonValues, { bom: addBom, 'json-text': respaceJson, comments: addJsonComments }, jsonPool),
  valueSubject(
    yaml,
    values(),
    { bom: addBom, comments: addYamlComments, tags: addYamlTags, documents: splitDocuments, style: restyleYaml },
    sample(values()),
  ),
  valueSubject(
    toml,
    maps(values(), keys),
    { bom: addBom, comments: addTomlComments, 'local-times': unquoteTimes, style: restyleToml },
    sample(values()),
  ),
  {
    lens: tree,
    sources: trees(values(), slotKeys),
    change: (source, random) => treeChange(source, random, treePool, ['a', 'b', 'new', 'x y', '7']),
    noise: yamlNoise,
  },
  {
    lens: csv,
    sources: tables,
    change: tableChange,
    noise: { bom: addBom, quotes: addQuotes, 'line-ends': changeLineEnds, 'column-order': swapColumns },
  },
  {
    lens: snippets,
    sources: snippetSets,
    change: snippetChange,
    asSaved: keepChecksums,
    noise: {
      bom: addBom,
      'blank-lines': addBlankLines,
      sequence: shuffleBlocks,
      'line-ends': toCrLf,
      attributes: dropAttributes,
    },
  },
  {
    lens: jsonl,
    sources: lineSets,
    change: lineChange,
    noise: { bom: addBom, 'json-text': changeJsonLines, 'line-ends': changeLineEndings },
  },
  pairSubject(env, flat(fc.constantFrom('A', 'PORT', 'a.b', '_x', 'lower')), { quotes: envQuotes }),
  pairSubject(
    ini,
    maps(fc.oneof({ weight: 3, arbitrary: scalars() }, { weight: 1, arbitrary: flat(iniKeys) }), iniKeys),
    { quotes: iniQuotes },
  ),
  pairSubject(properties, flat(illFormedTexts), { spelling: respellProperties }),
  valueSubject(
    markdown,
    documents,
    { bom: addBom, front: restyleFront },
    sample(fc.oneof(texts as fc.Arbitrary<Value>, values())),
  ),
  valueSubject(uarr, values(illFormedTexts, illFormedTexts), {}, jsonPool),
];
