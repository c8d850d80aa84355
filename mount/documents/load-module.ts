/**
 * Loading a user's module of lenses, and holding its lenses to the interface. Runs in the thread alone.
 */
import { realpath, stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Diagnostic } from '../../lenses/diagnostics.ts';
import type { Lens } from '../../lenses/lens.ts';
import { FxError } from '../../src/errors.ts';
import { LENS_BYTES_MAX } from '../../src/limits.ts';
import type { LensModule } from './module-lens.ts';

const LENSES_MAX = 100;
const METHODS = ['refuses', 'get', 'validate', 'put', 'create'] as const;
const OPTIONAL_METHODS = ['size', 'range', 'read', 'configure'] as const;

/** The lenses that a module exports, checked. NOT_FOUND, ACCESS_DENIED, INVALID. */
export async function loadModule(module: LensModule): Promise<Lens[]> {
  const path = await checkFile(module);
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw new FxError('INVALID', `${path} cannot be loaded: ${String(error)}`);
  }
  const all = exported.lenses ?? (exported.default === undefined ? undefined : [exported.default]);
  if (!Array.isArray(all) || all.length === 0 || all.length > LENSES_MAX) {
    throw new FxError(
      'INVALID',
      `${path} must export "lenses", an array of 1 to ${LENSES_MAX}, or a lens as its default`,
    );
  }
  return all.map((lens, index) => {
    const wrong = lackOf(lens);
    if (wrong !== undefined) throw new FxError('INVALID', `${path}: lens ${index + 1} is no lens: ${wrong}`);
    return held(lens as Lens);
  });
}

/** Whoever can change the module can do all that the daemon can. */
async function checkFile({ path, uid }: LensModule): Promise<string> {
  const real = await found(path);
  const stats = await stat(real);
  if (!stats.isFile()) throw new FxError('INVALID', `${path} is no file; name a module of JavaScript`);
  if (stats.uid !== uid && stats.uid !== 0) {
    throw new FxError(
      'ACCESS_DENIED',
      `${path} belongs to user ${stats.uid}; it must be the store’s owner’s or root’s`,
    );
  }
  if ((stats.mode & 0o022) !== 0) {
    throw new FxError('ACCESS_DENIED', `${path} can be written by others: "chmod go-w" it`);
  }
  return real;
}

async function found(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FxError('NOT_FOUND', `${path} cannot be found (${code}): put the module there, or name another`);
  }
}

/** What keeps something from being a lens. */
function lackOf(thing: unknown): string | undefined {
  if (typeof thing !== 'object' || thing === null) return 'it is no object';
  const lens = thing as Record<string, unknown>;
  if (typeof lens.name !== 'string' || !/^[a-z][a-z0-9-]{0,62}$/.test(lens.name)) {
    return 'its "name" must be a word of lowercase letters, digits and hyphens';
  }
  const named = (what: string) => `"${lens.name}": ${what}`;
  if (lens.name === 'auto') return named('the name means "by the end of the file’s name"');
  if (!Number.isSafeInteger(lens.version) || Number(lens.version) < 0)
    return named('its "version" must be an integer from 0');
  if (!isTexts(lens.extensions)) return named('its "extensions" must be an array of texts such as ".dim"');
  if (typeof lens.mediaType !== 'string') return named('its "mediaType" must be a text');
  if (lens.scope !== 'value') return named('its "scope" must be "value": rules take no other');
  if (!Array.isArray(lens.equivalences)) return named('its "equivalences" must be an array');
  const missing = METHODS.find((method) => typeof lens[method] !== 'function');
  if (missing !== undefined) return named(`it has no function "${missing}"`);
  const odd = OPTIONAL_METHODS.find((method) => lens[method] !== undefined && typeof lens[method] !== 'function');
  return odd === undefined ? undefined : named(`its "${odd}" is no function`);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 100 && value.every((each) => typeof each === 'string' && each !== '');
}

/** The lens, with what it gives looked at: rubbish is thrown, and so told of like a lens that throws. */
function held(lens: Lens): Lens {
  const { name, version, extensions, mediaType, scope, equivalences } = lens;
  const check = (isFine: boolean, method: string, what: string): void => {
    if (!isFine) throw new Error(`its function "${method}" gave no ${what}`);
  };
  const result = <T extends { readonly ok: boolean }>(
    method: string,
    given: T,
    hasMore: (fine: object) => boolean,
  ): T => {
    const of = given as { ok?: unknown; diagnostics?: unknown } | null;
    const isResult = typeof of === 'object' && of !== null;
    check(isResult && (of.ok === true ? hasMore(of) : isRefusal(of)), method, 'result of the interface');
    return given;
  };
  return {
    name,
    version,
    extensions: [...extensions],
    mediaType,
    scope,
    equivalences,
    refuses(source) {
      const why: unknown = lens.refuses(source);
      check(why === undefined || typeof why === 'string', 'refuses', 'text');
      return why as string | undefined;
    },
    get(source, complement) {
      const bytes: unknown = lens.get(source, complement);
      check(bytes instanceof Uint8Array && bytes.length <= LENS_BYTES_MAX, 'get', `bytes, ${LENS_BYTES_MAX} at most`);
      return bytes as Uint8Array;
    },
    validate(bytes) {
      const found = lens.validate(bytes);
      check(isDiagnostics(found), 'validate', 'diagnostics');
      return found;
    },
    put: (bytes, base, options) =>
      result('put', lens.put(bytes, base, options), (fine) => Array.isArray((fine as { edits?: unknown }).edits)),
    create: (bytes) =>
      result('create', lens.create(bytes), (fine) => typeof (fine as { source?: unknown }).source === 'object'),
    ...(lens.read === undefined
      ? {}
      : { read: (bytes) => result('read', (lens.read as NonNullable<Lens['read']>)(bytes), () => true) }),
  };
}

function isRefusal(of: { ok?: unknown; diagnostics?: unknown }): boolean {
  return of.ok === false && isDiagnostics(of.diagnostics) && of.diagnostics.length > 0;
}

function isDiagnostics(value: unknown): value is readonly Diagnostic[] {
  return Array.isArray(value) && value.every(isDiagnostic);
}

function isDiagnostic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { severity, code, message, offset, line, column } = value as Record<string, unknown>;
  const isPlace = [offset, line, column].every((each) => Number.isSafeInteger(each) && Number(each) >= 0);
  return (
    (severity === 'error' || severity === 'warning') &&
    typeof code === 'string' &&
    typeof message === 'string' &&
    isPlace
  );
}
