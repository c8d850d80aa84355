// The calls of host_calls.h for JavaScript. Each runs at once and returns its result; with a function as
// its last argument it runs on a thread of the pool, returns nothing, and the function gets the result.
#include "host_calls.h"

#include <cerrno>
#include <functional>
#include <memory>

#include "addon.h"
#include "napi_util.h"

namespace fx {

namespace {

struct HostCall {
  std::function<int64_t()> run;
  int64_t result = 0;
  // What `getXattrs` found.
  std::vector<Xattr> xattrs;
  bool givesXattrs = false;
  napi_async_work work = nullptr;
  napi_ref done = nullptr;
};

using HostCallPtr = std::unique_ptr<HostCall>;

// A copy of a path or name, which the kernel takes up to its first NUL: one inside is a TypeError.
std::string copyOf(Args& args, size_t i) {
  const Bytes bytes = args.array(i);
  std::string copy(reinterpret_cast<const char*>(bytes.data), bytes.length);
  if (copy.find('\0') != std::string::npos) args.typeError("a path or name contains NUL");
  return copy;
}

// The arguments i and i + 1: seconds since 1970, which may be negative, and nanoseconds.
Timespec timeOf(napi_env env, Args& args, size_t i) {
  Timespec time;
  double seconds = 0;
  if (args.failed()) return time;
  if (napi_get_value_double(env, args[i], &seconds) != napi_ok) {
    args.typeError("a number was expected");
    return time;
  }
  if (!(seconds >= -9007199254740991.0 && seconds <= 9007199254740991.0) ||
      seconds != static_cast<double>(static_cast<int64_t>(seconds))) {
    args.rangeError("seconds are not an integer within 2^53 - 1 of zero");
    return time;
  }
  time.seconds = static_cast<int64_t>(seconds);
  time.nanoseconds = args.size(i + 1);
  if (!args.failed() && time.nanoseconds > 999999999) args.rangeError("nanoseconds are not below 1,000,000,000");
  return time;
}

// 0 when there are none; else an array of name, value, name, value...: names as latin1 strings, values as
// Uint8Arrays, null for what may not be read.
napi_value xattrsOf(napi_env env, const std::vector<Xattr>& xattrs) {
  if (xattrs.empty()) return integer(env, 0);
  napi_value list = nullptr;
  napi_create_array_with_length(env, xattrs.size() * 2, &list);
  uint32_t at = 0;
  for (const Xattr& xattr : xattrs) {
    napi_value name = nullptr;
    napi_value value = nullptr;
    napi_create_string_latin1(env, xattr.name.data(), xattr.name.size(), &name);
    if (xattr.readable) napi_create_buffer_copy(env, xattr.value.size(), xattr.value.data(), nullptr, &value);
    else napi_get_null(env, &value);
    napi_set_element(env, list, at++, name);
    napi_set_element(env, list, at++, value);
  }
  return list;
}

napi_value resultOf(napi_env env, const HostCall& call) {
  return call.givesXattrs && call.result == 0 ? xattrsOf(env, call.xattrs) : integer(env, call.result);
}

void execute(napi_env, void* data) {
  auto* call = static_cast<HostCall*>(data);
  call->result = call->run();
}

void finish(napi_env env, napi_status status, void* data) {
  const HostCallPtr call(static_cast<HostCall*>(data));
  if (status != napi_ok) call->result = -ECANCELED;
  napi_value done = nullptr;
  napi_value undefined = nullptr;
  napi_get_reference_value(env, call->done, &done);
  napi_delete_reference(env, call->done);
  napi_delete_async_work(env, call->work);
  napi_get_undefined(env, &undefined);
  const napi_value result = resultOf(env, *call);
  if (done != nullptr) napi_call_function(env, undefined, done, 1, &result, nullptr);
}

// Runs the call now, or on the pool when argument i is a function.
napi_value start(napi_env env, Args& args, size_t i, HostCallPtr call) {
  napi_valuetype type = napi_undefined;
  if (args.failed()) return nullptr;
  if (args.isNull(i)) {
    call->result = call->run();
    return resultOf(env, *call);
  }
  napi_typeof(env, args[i], &type);
  if (type != napi_function) {
    args.typeError("a function was expected");
    return nullptr;
  }
  napi_value name = nullptr;
  napi_create_string_utf8(env, "fxmount.host", NAPI_AUTO_LENGTH, &name);
  if (napi_create_reference(env, args[i], 1, &call->done) != napi_ok) {
    napi_throw_error(env, nullptr, "no work could be queued");
  } else if (napi_create_async_work(env, nullptr, name, execute, finish, call.get(), &call->work) != napi_ok ||
             napi_queue_async_work(env, call->work) != napi_ok) {
    napi_delete_reference(env, call->done);
    napi_throw_error(env, nullptr, "no work could be queued");
  } else {
    call.release();
  }
  return nullptr;
}

napi_value setTimesJs(napi_env env, napi_callback_info info) {
  Args args(env, info, 5);
  const std::string path = copyOf(args, 0);
  const Timespec access = timeOf(env, args, 1);
  const Timespec modification = timeOf(env, args, 3);
  HostCallPtr call(new HostCall());
  call->run = [=] { return setTimes(path, access, modification); };
  return start(env, args, 5, std::move(call));
}

napi_value setModeJs(napi_env env, napi_callback_info info) {
  Args args(env, info, 2);
  const std::string path = copyOf(args, 0);
  const uint32_t mode = args.uint32(1);
  HostCallPtr call(new HostCall());
  call->run = [=] { return setMode(path, mode); };
  return start(env, args, 2, std::move(call));
}

napi_value makeNodeJs(napi_env env, napi_callback_info info) {
  Args args(env, info, 3);
  const std::string path = copyOf(args, 0);
  const uint32_t mode = args.uint32(1);
  const auto device = static_cast<uint64_t>(args.size(2));
  HostCallPtr call(new HostCall());
  call->run = [=] { return makeNode(path, mode, device); };
  return start(env, args, 3, std::move(call));
}

napi_value getXattrsJs(napi_env env, napi_callback_info info) {
  Args args(env, info, 1);
  const std::string path = copyOf(args, 0);
  HostCallPtr call(new HostCall());
  HostCall* target = call.get();
  call->givesXattrs = true;
  call->run = [=] { return getXattrs(path, target->xattrs); };
  return start(env, args, 1, std::move(call));
}

napi_value setXattrJs(napi_env env, napi_callback_info info) {
  Args args(env, info, 3);
  const std::string path = copyOf(args, 0);
  const std::string name = copyOf(args, 1);
  const Bytes bytes = args.array(2);
  const std::string value(reinterpret_cast<const char*>(bytes.data), bytes.length);
  HostCallPtr call(new HostCall());
  call->run = [=] { return setXattr(path, name, value); };
  return start(env, args, 3, std::move(call));
}

napi_value seekDataJs(napi_env env, napi_callback_info info) {
  Args args(env, info, 3);
  const int fd = args.int32(0);
  const auto position = static_cast<int64_t>(args.size(1));
  const bool hole = args.uint32(2) != 0;
  HostCallPtr call(new HostCall());
  call->run = [=] { return seekData(fd, position, hole); };
  return start(env, args, 3, std::move(call));
}

napi_value dropMappedJs(napi_env env, napi_callback_info info) {
  Args args(env, info, 1);
  const std::string path = copyOf(args, 0);
  HostCallPtr call(new HostCall());
  call->run = [=] { return dropMapped(path); };
  return start(env, args, 1, std::move(call));
}

}  // namespace

void defineHostCalls(napi_env env, napi_value exports) {
  defineFunction(env, exports, "setTimes", setTimesJs);
  defineFunction(env, exports, "setMode", setModeJs);
  defineFunction(env, exports, "makeNode", makeNodeJs);
  defineFunction(env, exports, "getXattrs", getXattrsJs);
  defineFunction(env, exports, "setXattr", setXattrJs);
  defineFunction(env, exports, "seekData", seekDataJs);
  defineFunction(env, exports, "dropMapped", dropMappedJs);
}

}  // namespace fx
