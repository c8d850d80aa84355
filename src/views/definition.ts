/**
 * Definitions of views: a JSON or YAML text, parsed and checked. Its keys:
 *
 *     kind       projection (default) or aggregation
 *     from       path of the directory whose nodes are meant; default: the one that the view is in
 *     select     selector (selector.ts); nodes anywhere below `from`. Default: the children of `from`
 *     fields     projection: names of the fields that are shown, in this order; "a/b" steps into maps and directories
 *     group      aggregation: the field by which nodes are counted together; default: all of them
 *     values     aggregation: name of a column: count, sum(field), min(field) or max(field)
 *     sort       names of fields, the first counting most; "-" before one turns the order round. Default: slot order
 *     limit      how many are shown
 *     lens       name of the lens; default: by the end of the view's name
 *     options    options of the lens
 *
 * A text has at most 64 KiB. Errors are INVALID and name the key, with its place in the text.
 */
import type { FieldPath } from '../../lenses/edits.ts';
import type { LensOptions, Reading } from '../../lenses/lens.ts';
import { yaml } from '../../lenses/yaml.ts';
import { FxError } from '../errors.ts';
import { toJsonText } from '../uarr/value.ts';
import { parseSelectors } from './selector.ts';

export const KINDS = ['projection', 'aggregation'] as const;
export type ViewKind = (typeof KINDS)[number];

export interface SortField {
  readonly field: string;
  readonly isDescending: boolean;
}

export interface Summary {
  readonly of: 'count' | 'sum' | 'min' | 'max';
  /** Empty for `count`. */
  readonly field: string;
}

export interface Definition {
  readonly kind: ViewKind;
  readonly from: string | undefined;
  readonly select: string | undefined;
  readonly fields: readonly string[] | undefined;
  readonly group: string | undefined;
  readonly values: ReadonlyMap<string, Summary>;
  readonly sort: readonly SortField[];
  readonly limit: number | undefined;
  readonly lens: string | undefined;
  readonly options: LensOptions;
}

const TEXT_BYTES_MAX = 64 << 10;
const SUMMARY = /^(?:(count)|(sum|min|max)\((.+)\))$/;
const KEYS = ['kind', 'from', 'select', 'fields', 'group', 'values', 'sort', 'limit', 'lens', 'options'];

/** INVALID. */
export function parseDefinition(text: string): Definition {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > TEXT_BYTES_MAX) {
    throw new FxError('INVALID', `the definition has ${bytes.length} bytes, ${TEXT_BYTES_MAX} at most`);
  }
  // YAML's maps and scalars take in those of JSON.
  const read = yaml.read?.(bytes);
  if (read?.ok !== true) {
    const { line, column, message } = read?.diagnostics[0] ?? { line: 1, column: 1, message: 'it cannot be read' };
    throw new FxError('INVALID', `definition:${line}:${column}: ${message}`);
  }
  return new Checker(read).definition();
}

class Checker {
  readonly #reading: Reading;
  readonly #given: Readonly<Record<string, unknown>>;

  constructor(reading: Reading) {
    this.#reading = reading;
    if (!(reading.value instanceof Map)) this.#fail([], 'a definition is a map of keys such as "from"');
    this.#given = JSON.parse(toJsonText(reading.value)) as Record<string, unknown>;
  }

  #fail(path: FieldPath, message: string, part: 'key' | 'value' = 'value'): never {
    const { line, column } = this.#reading.locate(path, part);
    throw new FxError('INVALID', `definition:${line}:${column}: ${message}`);
  }

  definition(): Definition {
    for (const key of Object.keys(this.#given)) {
      if (!KEYS.includes(key)) this.#fail([key], `there is no key "${key}"; there are ${KEYS.join(', ')}`, 'key');
    }
    const kind = (this.#text('kind') ?? 'projection') as ViewKind;
    if (!KINDS.includes(kind)) this.#fail(['kind'], `"kind": there is no "${kind}"; there are ${KINDS.join(' and ')}`);
    for (const key of kind === 'projection' ? ['group', 'values'] : ['fields']) {
      if (this.#given[key] !== undefined) this.#fail([key], `"${key}" has no meaning in a view of kind ${kind}`, 'key');
    }
    const values = this.#values();
    if (kind === 'aggregation' && values.size === 0) this.#fail([], 'an aggregation needs "values"');
    return {
      kind,
      from: this.#from(),
      select: this.#select(),
      fields: this.#names('fields'),
      group: this.#text('group'),
      values,
      sort: (this.#names('sort') ?? []).map((name) =>
        name.startsWith('-') ? { field: name.slice(1), isDescending: true } : { field: name, isDescending: false },
      ),
      limit: this.#limit(),
      lens: this.#text('lens'),
      options: this.#map('options'),
    };
  }

  #text(key: string): string | undefined {
    const value = this.#given[key];
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    return this.#fail([key], `"${key}" is a text that is not empty`);
  }

  #names(key: string): readonly string[] | undefined {
    const value = this.#given[key];
    if (value === undefined) return undefined;
    const isList = Array.isArray(value) && value.length > 0;
    if (!isList || !value.every((each) => typeof each === 'string' && /^-?[^-]/.test(each))) {
      this.#fail([key], `"${key}" is a list of names of fields`);
    }
    return value as string[];
  }

  #map(key: string): Readonly<Record<string, unknown>> {
    const value = this.#given[key] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) this.#fail([key], `"${key}" is a map`);
    return value as Record<string, unknown>;
  }

  #from(): string | undefined {
    const from = this.#text('from');
    if (from !== undefined && !from.startsWith('/')) {
      this.#fail(['from'], `"from" is the path of a directory, starting with "/"`);
    }
    return from;
  }

  #select(): string | undefined {
    const select = this.#text('select');
    try {
      if (select !== undefined) parseSelectors(select);
    } catch (error) {
      this.#fail(['select'], `"select": ${(error as Error).message}`);
    }
    return select;
  }

  #limit(): number | undefined {
    const limit = this.#given.limit;
    if (limit === undefined || (Number.isSafeInteger(limit) && (limit as number) >= 0)) {
      return limit as number | undefined;
    }
    return this.#fail(['limit'], '"limit" is an integer from 0');
  }

  #values(): ReadonlyMap<string, Summary> {
    const values = new Map<string, Summary>();
    for (const [name, given] of Object.entries(this.#map('values'))) {
      const match = SUMMARY.exec(String(given));
      if (match === null) {
        this.#fail(['values', name], `"values": "${name}" is count, sum(field), min(field) or max(field)`);
      }
      values.set(name, { of: (match[1] ?? match[2]) as Summary['of'], field: match[3] ?? '' });
    }
    return values;
  }
}
