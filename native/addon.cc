// The addon's entry: src/native.ts describes what it exports. It may be loaded in several threads
// (workers); each has an exports object, a clock, devices and notifiers of its own.
#include "addon.h"

NAPI_MODULE_INIT() {
  fx::defineClock(env, exports);
  fx::defineCrc32c(env, exports);
  fx::defineFile(env, exports);
  fx::defineHostCalls(env, exports);
  fx::defineMount(env, exports);
  fx::defineDevice(env, exports);
  fx::defineNotifier(env, exports);
  return exports;
}
