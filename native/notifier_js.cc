// notifier(fd, capacity, onDrain) of src/native.ts and the Notifier object it returns.
#include <cstring>

#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

#include "addon.h"
#include "napi_util.h"
#include "notifier.h"

namespace fx {

namespace {

// The JavaScript side of a notifier: lives until its handle is closed and its object dropped.
struct Handle {
  napi_env env = nullptr;
  std::shared_ptr<Notifier> notifier;
  uv_async_t async;
  napi_ref object = nullptr;  // Strong until closed: a running thread needs its callback.
  napi_ref onDrain = nullptr;
  napi_async_context context = nullptr;
  napi_async_cleanup_hook_handle cleanup = nullptr;
  napi_deferred closing = nullptr;
  napi_ref promise = nullptr;
  bool closed = false;
  bool held = true;
};

void onAsyncClosed(uv_handle_t* async) {
  auto* handle = static_cast<Handle*>(async->data);
  for (napi_ref ref : {handle->object, handle->onDrain, handle->promise}) {
    if (ref != nullptr) napi_delete_reference(handle->env, ref);
  }
  napi_async_destroy(handle->env, handle->context);
  napi_remove_async_cleanup_hook(handle->cleanup);
  handle->closed = true;
  if (!handle->held) delete handle;
}

void shutDown(Handle* handle) {
  if (uv_is_closing(reinterpret_cast<uv_handle_t*>(&handle->async))) return;
  handle->notifier->detach();
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->async), onAsyncClosed);
}

void callDrain(Handle* handle, napi_value object) {
  napi_value onDrain = nullptr;
  napi_value error = nullptr;
  napi_get_reference_value(handle->env, handle->onDrain, &onDrain);
  if (napi_call_function(handle->env, object, onDrain, 0, nullptr, nullptr) == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(handle->env, &pending);
  if (pending && napi_get_and_clear_last_exception(handle->env, &error) == napi_ok) {
    napi_fatal_exception(handle->env, error);
  }
}

void onAsync(uv_async_t* async) {
  auto* handle = static_cast<Handle*>(async->data);
  napi_env env = handle->env;
  napi_handle_scope scope = nullptr;
  napi_callback_scope callback = nullptr;
  napi_value object = nullptr;
  napi_open_handle_scope(env, &scope);
  napi_get_reference_value(env, handle->object, &object);
  napi_open_callback_scope(env, object, handle->context, &callback);
  if (handle->notifier->takeDrained()) callDrain(handle, object);
  if (handle->notifier->ended()) {
    napi_value undefined = nullptr;
    napi_get_undefined(env, &undefined);
    if (handle->closing != nullptr) napi_resolve_deferred(env, handle->closing, undefined);
    handle->closing = nullptr;
    shutDown(handle);
  }
  napi_close_callback_scope(env, callback);
  napi_close_handle_scope(env, scope);
}

Handle* handleOf(napi_env env, Args& args) {
  void* handle = nullptr;
  if (!args.failed() && napi_unwrap(env, args.self(), &handle) != napi_ok) args.typeError("this is not a Notifier");
  return static_cast<Handle*>(handle);
}

napi_value push(napi_env env, napi_callback_info info) {
  Args args(env, info, 3);
  Handle* handle = handleOf(env, args);
  const Bytes bytes = args.range(0);
  if (args.failed()) return nullptr;
  return boolean(env, handle->notifier->push(bytes.data, bytes.length));
}

napi_value pending(napi_env env, napi_callback_info info) {
  Args args(env, info, 0);
  Handle* handle = handleOf(env, args);
  if (args.failed()) return nullptr;
  return number(env, static_cast<double>(handle->notifier->pending()));
}

napi_value stats(napi_env env, napi_callback_info info) {
  Args args(env, info, 0);
  Handle* handle = handleOf(env, args);
  if (args.failed()) return nullptr;
  const NotifierStats s = handle->notifier->stats();
  const double values[] = {static_cast<double>(s.written), static_cast<double>(s.unknown),
                           static_cast<double>(s.failed), static_cast<double>(s.lastError)};
  napi_value array = nullptr;
  napi_create_array(env, &array);
  uint32_t index = 0;
  for (const double value : values) napi_set_element(env, array, index++, number(env, value));
  return array;
}

napi_value close(napi_env env, napi_callback_info info) {
  Args args(env, info, 0);
  Handle* handle = handleOf(env, args);
  if (args.failed()) return nullptr;
  napi_value promise = nullptr;
  if (handle->closed || handle->promise == nullptr) {
    napi_deferred deferred = nullptr;
    napi_create_promise(env, &deferred, &promise);
    if (handle->closed || handle->notifier->ended()) {
      napi_value undefined = nullptr;
      napi_get_undefined(env, &undefined);
      napi_resolve_deferred(env, deferred, undefined);
      return promise;
    }
    handle->closing = deferred;
    napi_create_reference(env, promise, 1, &handle->promise);
    uv_ref(reinterpret_cast<uv_handle_t*>(&handle->async));
    handle->notifier->close();
  } else {
    napi_get_reference_value(env, handle->promise, &promise);
  }
  return promise;
}

void finalize(napi_env, void* data, void*) {
  auto* handle = static_cast<Handle*>(data);
  handle->held = false;
  if (handle->closed) {
    delete handle;
  } else {
    shutDown(handle);
  }
}

napi_value makeNotifier(napi_env env, napi_callback_info info) {
  Args args(env, info, 3);
  const int fd = args.int32(0);
  const int64_t capacity = args.size(1);
  napi_valuetype type = napi_undefined;
  if (!args.failed() && (napi_typeof(env, args[2], &type) != napi_ok || type != napi_function)) {
    args.typeError("a function was expected");
  }
  if (capacity < 1) args.rangeError("a queue needs room for one message");
  if (args.failed()) return nullptr;
  uv_loop_t* loop = nullptr;
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0 || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    args.rangeError("fd is not an open descriptor");
    return nullptr;
  }

  auto* handle = new Handle();
  handle->env = env;
  const auto wake = [handle] { uv_async_send(&handle->async); };
  handle->notifier = std::make_shared<Notifier>(copy, static_cast<size_t>(capacity), wake);
  uv_async_init(loop, &handle->async, onAsync);
  handle->async.data = handle;
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->async));
  napi_value object = nullptr;
  napi_value name = nullptr;
  napi_create_object(env, &object);
  defineFunction(env, object, "push", push);
  defineFunction(env, object, "pending", pending);
  defineFunction(env, object, "stats", stats);
  defineFunction(env, object, "close", close);
  napi_create_string_utf8(env, "fxmount.notifier", NAPI_AUTO_LENGTH, &name);
  napi_create_reference(env, object, 1, &handle->object);
  napi_create_reference(env, args[2], 1, &handle->onDrain);
  napi_async_init(env, object, name, &handle->context);
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* data) { shutDown(static_cast<Handle*>(data)); }, handle,
      &handle->cleanup);
  napi_wrap(env, object, handle, finalize, nullptr, nullptr);
  if (Notifier::start(handle->notifier) != 0) {
    shutDown(handle);
    napi_throw_error(env, nullptr, "no thread could be started for notifications");
    return nullptr;
  }
  return object;
}

}  // namespace

void defineNotifier(napi_env env, napi_value exports) { defineFunction(env, exports, "notifier", makeNotifier); }

}  // namespace fx
