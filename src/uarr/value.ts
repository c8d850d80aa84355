/**
 * The value model as other parts of the project import it: types, conversions and text.
 * The encodings are in `v2.ts` (the project's own) and `v1.ts` (FXD's).
 */

export { fromJs, toJs } from './js.ts';
export { toJsonText } from './json-text.ts';
export {
  equal,
  I64_MAX,
  I64_MIN,
  isVector,
  NodeRef,
  Sized,
  type SizedType,
  Timestamp,
  U64_MAX,
  Uuid,
  type Value,
  type ValueMap,
  type Vector,
  vectorTypeOf,
} from './model.ts';
export { valueTypeName } from './type-name.ts';
