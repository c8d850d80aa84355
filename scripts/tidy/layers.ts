/**
 * Layer directions: a file imports from its own layer or from a lower one, never from a higher one.
 * Types count too: a lower layer that names a higher one's type knows about it.
 */
import { importsOf, isCode, isScript, isTest, type Problem, resolveImport, type SourceFile } from './source.ts';

/**
 * The layers, from top to bottom. A file belongs to the first layer with a matching path: "a/b.ts" is one
 * file, "a/" all below a, "a/*" the files right in a.
 */
export const LAYERS: readonly { readonly name: string; readonly paths: readonly string[] }[] = [
  { name: 'composition', paths: ['src/cli.ts', 'src/index.ts', 'src/cli/'] },
  { name: 'daemon', paths: ['src/daemon/'] },
  { name: 'drivers', paths: ['mount/fuse/', 'mount/fuse-native/', 'mount/winfsp/'] },
  { name: 'mount', paths: ['mount/'] },
  { name: 'tree', paths: ['src/tree/'] },
  { name: 'lenses and views', paths: ['lenses/', 'src/views/'] },
  { name: 'store', paths: ['src/store/', 'src/fxd/', 'src/signals/'] },
  { name: 'storage', paths: ['src/index/', 'src/wal/', 'src/uarr/'] },
  { name: 'base', paths: ['src/*'] },
];

/** Parts of one layer that must not know each other or what lies beside them, whatever the direction. */
export const STRANGERS: readonly { readonly from: string; readonly to: string; readonly reason: string }[] = [
  { from: 'lenses/', to: 'src/store/', reason: 'lenses are pure: they know no store' },
  { from: 'lenses/', to: 'src/views/', reason: 'views use lenses, not the other way round' },
  { from: 'lenses/', to: 'src/wal/', reason: 'lenses are pure: they know no log' },
  { from: 'lenses/', to: 'src/index/', reason: 'lenses are pure: they know no index' },
  { from: 'lenses/', to: 'node:fs', reason: 'lenses are pure: they do no I/O' },
  { from: 'mount/fuse/', to: 'mount/winfsp/', reason: 'drivers do not know each other' },
  { from: 'mount/winfsp/', to: 'mount/fuse/', reason: 'drivers do not know each other' },
  {
    from: 'mount/fuse/',
    to: 'mount/fuse-native/',
    reason: 'the second driver for FUSE may use the first, not the other way round',
  },
];

const LAYERED = /^(?:src|mount|lenses)\//;
const NO_LAYER = 'is in no layer: give it a place in LAYERS of scripts/tidy/layers.ts';

function covers(pattern: string, path: string): boolean {
  if (pattern.endsWith('/*')) {
    return path.startsWith(pattern.slice(0, -1)) && !path.includes('/', pattern.length - 1);
  }
  return pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern;
}

/** Index into LAYERS, 0 at the top; undefined for a file outside every layer. */
export function layerOf(path: string): number | undefined {
  const layer = LAYERS.findIndex(({ paths }) => paths.some((pattern) => covers(pattern, path)));
  return layer === -1 ? undefined : layer;
}

function judge(file: SourceFile, from: number, specifier: string): string | undefined {
  const target = resolveImport(file.path, specifier) ?? specifier;
  for (const { from: source, to, reason } of STRANGERS) {
    if (covers(source, file.path) && (covers(to, target) || target === to)) return reason;
  }
  if (!specifier.startsWith('.')) return undefined;
  if (isTest(target) || isScript(target)) return `${target} is a test or script: nothing may depend on it`;
  const to = layerOf(target);
  if (to === undefined) return `${target} ${NO_LAYER}`;
  if (to >= from) return undefined;
  return `the layer "${LAYERS[from]?.name}" must not import from "${LAYERS[to]?.name}" (${target}) above it`;
}

export function checkLayers(files: readonly SourceFile[]): Problem[] {
  const problems: Problem[] = [];
  for (const file of files) {
    const from = layerOf(file.path);
    if (!isCode(file.path) || !LAYERED.test(file.path)) continue;
    if (from === undefined) {
      problems.push({ rule: 'layers', path: file.path, line: 0, message: NO_LAYER });
      continue;
    }
    for (const { specifier, line } of importsOf(file)) {
      const message = judge(file, from, specifier);
      if (message !== undefined) problems.push({ rule: 'layers', path: file.path, line, message });
    }
  }
  return problems;
}
