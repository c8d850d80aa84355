/**
 * For those who write a lens of their own: everything that takes, as one import, `fxmount/lens`.
 */
export { FxError } from '../src/errors.ts';
export {
  equal,
  fromJs,
  NodeRef,
  Sized,
  Timestamp,
  toJs,
  toJsonText,
  Uuid,
  type Value,
  type ValueMap,
} from '../src/uarr/value.ts';
export { applyEdits } from './apply.ts';
export { editValue } from './apply-fields.ts';
export { decodeText, encodeText, newlineOf } from './decode.ts';
export {
  type Diagnostic,
  formatDiagnostic,
  type Position,
  Positions,
  type Problem,
  ProblemError,
} from './diagnostics.ts';
export { diffSources } from './diff-sources.ts';
export { diffValues, EXACT, type Typing } from './diff-values.ts';
export { type DocumentFormat, documentLens, type Parsed, type SyntaxMember, type SyntaxNode } from './document.ts';
export { type Edit, type FieldEdit, type FieldPath, type Handle, isFieldEdit, type NodeEdit } from './edits.ts';
export { JSON_TYPING } from './json-typing.ts';
export {
  type Complement,
  type CreateResult,
  type Equivalence,
  type Lens,
  type LensOptions,
  type PutOptions,
  type PutResult,
  type Reading,
  type ReadResult,
  type Refused,
  refused,
  type Scope,
  type Tombstone,
} from './lens.ts';
export { type MergeResult, merge } from './merge.ts';
export { type Replacement, replaceAll } from './replacements.ts';
export { branch, equalSources, hashSource, leaf, nodesOf, type SourceNode } from './source.ts';
