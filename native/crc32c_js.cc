#include "addon.h"
#include "crc32c.h"
#include "napi_util.h"

namespace fx {

namespace {

template <uint32_t (*compute)(uint32_t, const uint8_t*, size_t)>
napi_value call(napi_env env, napi_callback_info info) {
  Args args(env, info, 4);
  const uint32_t seed = args.uint32(0);
  const Bytes bytes = args.range(1);
  if (args.failed()) return nullptr;
  napi_value result = nullptr;
  napi_create_uint32(env, compute(seed, bytes.data, bytes.length), &result);
  return result;
}

}  // namespace

void defineCrc32c(napi_env env, napi_value exports) {
  defineFunction(env, exports, "crc32c", call<crc32c>);
  defineFunction(env, exports, "crc32cTable", call<crc32cTable>);
}

}  // namespace fx
