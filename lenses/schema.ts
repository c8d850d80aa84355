/**
 * JSON Schema on values, with the place of each problem in the text that shows the value.
 *
 * Drafts 7 (taken when a schema does not say), 2019-09 and 2020-12. A schema stands alone: a `$ref` out of it is an
 * error. Formats are not checked. Values are seen as JSON: i64 and f64 are numbers (`1.0` is an integer, as the
 * standard has it; integers beyond 2^53 are compared exactly), what JSON has no type for is its text. Where none of several alternatives fits, only the
 * problems of the one that came furthest are told.
 */
import { Ajv, type ErrorObject, type SchemaValidateFunction, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { LRUCache } from 'lru-cache';
import { FxError } from '../src/errors.ts';
import { isVector, NodeRef, Sized, Timestamp, Uuid, type Value } from '../src/uarr/value.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { FieldPath } from './edits.ts';
import type { Lens, Reading } from './lens.ts';

/** Longest text of a schema. */
export const SCHEMA_BYTES_MAX = 1 << 20;
const SCHEMAS_MAX = 64;
/** Problems told of one value. */
const ERRORS_MAX = 100;
const OPTIONS = { allErrors: true, strict: false, validateFormats: false, ownProperties: true, logger: false } as const;

/** Integers of the value under check that a number cannot hold, by their JSON Pointers. */
let exact = new Map<string, bigint>();

type Compared = number | bigint;
const COMPARISONS: Readonly<
  Record<string, readonly [sign: string, holds: (value: Compared, limit: number) => boolean]>
> = {
  maximum: ['<=', (value, limit) => value <= limit],
  minimum: ['>=', (value, limit) => value >= limit],
  exclusiveMaximum: ['<', (value, limit) => value < limit],
  exclusiveMinimum: ['>', (value, limit) => value > limit],
};

const compiled = new LRUCache<string, ValidateFunction>({ max: SCHEMAS_MAX });

/** Throws INVALID, saying why, when the text is no schema. */
export function checkSchema(schema: string): void {
  validatorOf(schema);
}

function validatorOf(schema: string): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  if (schema.length > SCHEMA_BYTES_MAX) throw new FxError('INVALID', `a schema has at most ${SCHEMA_BYTES_MAX} bytes`);
  try {
    const parsed = JSON.parse(schema) as unknown;
    if (typeof parsed !== 'boolean' && (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))) {
      throw new Error('it is neither an object nor true or false');
    }
    const draft = typeof parsed === 'object' && '$schema' in parsed ? String(parsed.$schema) : '';
    const validate = ajvFor(draft).compile(parsed);
    compiled.set(schema, validate);
    return validate;
  } catch (error) {
    throw new FxError('INVALID', `this is no JSON Schema: ${(error as Error).message}`);
  }
}

function ajvFor(draft: string): Ajv {
  const Draft = draft.includes('2020-12') ? Ajv2020 : draft.includes('2019-09') ? Ajv2019 : Ajv;
  const ajv: Ajv = new Draft(OPTIONS);
  for (const [keyword, [sign, holds]] of Object.entries(COMPARISONS)) {
    ajv.removeKeyword(keyword);
    const validate: SchemaValidateFunction = (limit: number, data: number, _parent, context) => {
      const fits = holds(exact.get(context?.instancePath ?? '') ?? data, limit);
      if (!fits) validate.errors = [{ keyword, message: `must be ${sign} ${limit}`, params: {} }];
      return fits;
    };
    ajv.addKeyword({ keyword, type: 'number', schemaType: 'number', validate });
  }
  return ajv;
}

/** What is wrong with the value that `text` shows, in the order of the text. INVALID for what is no schema. */
export function schemaProblems(schema: string, lens: Lens, text: Uint8Array, value: Value): readonly Diagnostic[] {
  const validate = validatorOf(schema);
  exact = new Map();
  if (validate(plainOf(value, ''))) return [];
  const read = lens.read?.(text);
  const reading = read?.ok === true ? read : undefined;
  return furthest(validate.errors ?? [])
    .slice(0, ERRORS_MAX)
    .map((error) => diagnosticOf(error, value, reading))
    .sort((a, b) => a.offset - b.offset);
}

/** Objects without prototype, so that no key means anything. */
function plainOf(value: Value, pointer: string): unknown {
  if (typeof value === 'bigint' || value instanceof Sized) return numberOf(value, pointer);
  if (typeof value !== 'object' || value === null) return value === undefined ? null : value;
  if (Array.isArray(value)) return value.map((item, i) => plainOf(item, `${pointer}/${i}`));
  if (value instanceof Map) {
    const object = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of value) {
      object[key] = plainOf(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
    return object;
  }
  if (value instanceof NodeRef) return `n:${value.id}`;
  if (value instanceof Timestamp || value instanceof Uuid) return value.toString();
  if (isVector(value)) return Array.from(value as ArrayLike<number | bigint>, Number);
  return Buffer.from(value as Uint8Array).toString('base64');
}

function numberOf(value: bigint | Sized, pointer: string): number {
  const plain = value instanceof Sized ? value.value : value;
  if (typeof plain === 'bigint' && !Number.isSafeInteger(Number(plain))) exact.set(pointer, plain);
  return Number(plain);
}

const ALTERNATIVES: ReadonlySet<string> = new Set(['oneOf', 'anyOf', 'if']);

/**
 * Without the problems of alternatives that another came further than. Those of an alternative stand right before its
 * own error; where it is a reference, at the place that it refers to.
 */
function furthest(errors: readonly ErrorObject[]): ErrorObject[] {
  const left: ErrorObject[] = [];
  for (const error of errors) {
    const inside: ErrorObject[] = [];
    while (ALTERNATIVES.has(error.keyword) && left.length > 0 && isInside(left.at(-1) as ErrorObject, error)) {
      inside.unshift(left.pop() as ErrorObject);
    }
    const depth = Math.max(0, ...inside.map(depthOf));
    left.push(...(depth > depthOf(error) ? inside.filter((one) => depthOf(one) === depth) : [error]));
  }
  return left;
}

function isInside({ instancePath, schemaPath }: ErrorObject, failed: ErrorObject): boolean {
  const { instancePath: at, schemaPath: of } = failed;
  if (instancePath !== at && !instancePath.startsWith(`${at}/`)) return false;
  const parent = of.slice(0, of.lastIndexOf('/'));
  const isBeside = schemaPath.startsWith(`${parent}/`) && !schemaPath.startsWith(`${of}/`);
  return !isBeside || (parent === '#' && /^#\/(?:definitions|\$defs)\//.test(schemaPath));
}

function depthOf({ instancePath }: ErrorObject): number {
  return instancePath.split('/').length;
}

function diagnosticOf(error: ErrorObject, value: Value, reading: Reading | undefined): Diagnostic {
  const { keyword, params } = error;
  const path = fieldPath(error.instancePath, value);
  const extra = (params.additionalProperty ?? params.unevaluatedProperty) as string | undefined;
  const place = extra === undefined ? reading?.locate(path) : reading?.locate([...path, extra], 'key');
  const where = path.length === 0 ? 'the document' : `"${path.join('.')}"`;
  return {
    severity: 'error',
    code: `schema-${keyword}`,
    message: `${where} ${reasonOf(error, extra)}`,
    ...(place ?? { offset: 0, line: 1, column: 1 }),
  };
}

function reasonOf({ keyword, params, message }: ErrorObject, extra: string | undefined): string {
  if (extra !== undefined) return `has the key "${extra}", which the schema does not know`;
  if (keyword === 'required') return `lacks the key "${String(params.missingProperty)}"`;
  if (keyword === 'enum')
    return `must be one of ${(params.allowedValues as unknown[]).map((one) => JSON.stringify(one)).join(', ')}`;
  if (keyword === 'const') return `must be ${JSON.stringify(params.allowedValue)}`;
  return message ?? `breaks "${keyword}"`;
}

/** The steps of a JSON Pointer, as numbers where the value has arrays. */
function fieldPath(pointer: string, value: Value): FieldPath {
  const path: (string | number)[] = [];
  let at: Value = value;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) {
      path.push(Number(key));
      at = at[Number(key)];
    } else {
      path.push(key);
      at = at instanceof Map ? at.get(key) : undefined;
    }
  }
  return path;
}
