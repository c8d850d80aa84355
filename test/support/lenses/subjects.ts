/** The subjects of the law suite: one for each lens of the registry. */
import fc from 'fast-check';
import { csv } from '../../../lenses/csv.ts';
import { json, jsonc } from '../../../lenses/json.ts';
import { raw } from '../../../lenses/raw.ts';
import { snippets } from '../../../lenses/snippets.ts';
import { text } from '../../../lenses/text.ts';
import { toml } from '../../../lenses/toml.ts';
import { tree } from '../../../lenses/tree.ts';
import { yaml } from '../../../lenses/yaml.ts';
import type { Value } from '../../../src/uarr/value.ts';
import { addBom, addJsonComments, changeLastNewline, respaceJson } from './noise.ts';
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
];
