#include "clock.h"

#include "addon.h"
#include "napi_util.h"

namespace fx {

namespace {

void destroyClock(napi_env, void* data, void*) { delete static_cast<Clock*>(data); }

napi_value tick(napi_env env, napi_callback_info) {
  clockOf(env)->tick();
  return nullptr;
}

}  // namespace

Clock* clockOf(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Clock*>(data);
}

void defineClock(napi_env env, napi_value exports) {
  auto* clock = new Clock();
  void* memory = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  napi_ref keep = nullptr;
  if (napi_create_arraybuffer(env, 2 * sizeof(double), &memory, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_float64_array, 2, buffer, 0, &array) != napi_ok ||
      napi_create_reference(env, buffer, 1, &keep) != napi_ok) {
    delete clock;
    napi_throw_error(env, nullptr, "the clock could not be made");
    return;
  }
  clock->cell = static_cast<double*>(memory);
  clock->tick();
  napi_set_instance_data(env, clock, destroyClock, nullptr);
  napi_set_named_property(env, exports, "clock", array);
  defineFunction(env, exports, "tick", tick);
}

}  // namespace fx
