// What each file of the addon adds to the exports object.
#pragma once

#include <node_api.h>

namespace fx {

void defineClock(napi_env env, napi_value exports);
void defineCrc32c(napi_env env, napi_value exports);
void defineFile(napi_env env, napi_value exports);
void defineHostCalls(napi_env env, napi_value exports);
void defineMount(napi_env env, napi_value exports);
void defineDevice(napi_env env, napi_value exports);
void defineNotifier(napi_env env, napi_value exports);

}  // namespace fx
