// serve(options) of src/native.ts and the Device object it returns.
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "addon.h"
#include "device.h"

namespace fx {

namespace {

constexpr size_t kInputBytesMin = 8192;  // FUSE_MIN_READ_BUFFER of linux/fuse.h.
constexpr size_t kOutputBytesMin = 4096;

class Options {
 public:
  Options(napi_env env, Args& args) : env_(env), args_(args), object_(args[0]) {}

  napi_value get(const char* name) {
    napi_value value = nullptr;
    if (args_.failed()) return nullptr;
    if (napi_get_named_property(env_, object_, name, &value) != napi_ok) args_.typeError("options were expected");
    return value;
  }

  double number(const char* name, double max) {
    double value = 0;
    napi_value property = get(name);
    if (args_.failed()) return 0;
    if (napi_get_value_double(env_, property, &value) != napi_ok) {
      args_.typeError("a number was expected");
    } else if (!(value >= 0 && value <= max)) {
      args_.rangeError("a number is out of range");
    }
    return value;
  }

  // A typed array, referenced so that its memory stays.
  void* array(const char* name, napi_typedarray_type wanted, size_t lengthMin, size_t* length, napi_ref* ref) {
    void* data = nullptr;
    napi_typedarray_type type;
    napi_value property = get(name);
    if (args_.failed()) return nullptr;
    if (napi_get_typedarray_info(env_, property, &type, length, &data, nullptr, nullptr) != napi_ok || type != wanted) {
      args_.typeError("input and output must be Uint8Array, pieces a Float64Array");
    } else if (*length < lengthMin) {
      args_.rangeError("a buffer is too small");
    } else {
      napi_create_reference(env_, property, 1, ref);
    }
    return data;
  }

  void function(const char* name, napi_ref* ref) {
    napi_valuetype type = napi_undefined;
    napi_value property = get(name);
    if (args_.failed()) return;
    if (napi_typeof(env_, property, &type) != napi_ok || type != napi_function) {
      args_.typeError("a function was expected");
    } else {
      napi_create_reference(env_, property, 1, ref);
    }
  }

 private:
  napi_env env_;
  Args& args_;
  napi_value object_;
};

Device* deviceOf(napi_env env, Args& args) {
  void* device = nullptr;
  if (!args.failed() && napi_unwrap(env, args.self(), &device) != napi_ok) args.typeError("this is not a Device");
  return static_cast<Device*>(device);
}

napi_value reply(napi_env env, napi_callback_info info) {
  Args args(env, info, 3);
  Device* device = deviceOf(env, args);
  const Bytes bytes = args.range(0);
  if (args.failed()) return nullptr;
  return integer(env, device->reply(bytes));
}

napi_value stop(napi_env env, napi_callback_info info) {
  Args args(env, info, 0);
  Device* device = deviceOf(env, args);
  if (!args.failed()) device->stop();
  return nullptr;
}

napi_value stats(napi_env env, napi_callback_info info) {
  Args args(env, info, 0);
  Device* device = deviceOf(env, args);
  if (args.failed()) return nullptr;
  const DeviceStats& s = device->stats();
  const double values[] = {
      static_cast<double>(s.requests),       static_cast<double>(s.replies),      static_cast<double>(s.drains),
      static_cast<double>(s.sleeps),         static_cast<double>(s.pollHits),     static_cast<double>(s.pollMisses),
      device->windowMicros(),                static_cast<double>(s.readsOffThread),
      static_cast<double>(s.readsInPlace),   static_cast<double>(s.crowded),
      static_cast<double>(device->packings()),
  };
  napi_value array = nullptr;
  napi_create_array(env, &array);
  uint32_t index = 0;
  for (const double value : values) napi_set_element(env, array, index++, number(env, value));
  return array;
}

void finalize(napi_env, void* data, void*) {
  auto* device = static_cast<Device*>(data);
  device->stop();
  device->release();
}

napi_value makeObject(napi_env env) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  defineFunction(env, object, "reply", reply);
  defineFunction(env, object, "stop", stop);
  defineFunction(env, object, "stats", stats);
  return object;
}

napi_value serve(napi_env env, napi_callback_info info) {
  Args args(env, info, 1);
  Options options(env, args);
  const int fd = static_cast<int>(options.number("fd", INT32_MAX));
  const auto pollMicrosMax = static_cast<uint32_t>(options.number("pollMicrosMax", 1e6));
  if (args.failed()) return nullptr;

  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    args.rangeError("fd is not an open descriptor");
    return nullptr;
  }
  auto* device = new Device(env, copy, pollMicrosMax);
  size_t piecesLength = 0;
  device->input.data = static_cast<uint8_t*>(
      options.array("input", napi_uint8_array, kInputBytesMin, &device->input.length, &device->inputRef));
  device->output.data = static_cast<uint8_t*>(
      options.array("output", napi_uint8_array, kOutputBytesMin, &device->output.length, &device->outputRef));
  device->pieces =
      static_cast<double*>(options.array("pieces", napi_float64_array, 0, &piecesLength, &device->piecesRef));
  device->piecesMax = piecesLength / 3;
  options.function("handler", &device->handlerRef);
  options.function("onClose", &device->onCloseRef);
  napi_value object = makeObject(env);
  if (args.failed() || device->start(object) != 0) {
    device->abandon();
    args.rangeError("fd is not a descriptor that can be watched");
    return nullptr;
  }
  napi_wrap(env, object, device, finalize, nullptr, nullptr);
  return object;
}

}  // namespace

void defineDevice(napi_env env, napi_value exports) { defineFunction(env, exports, "serve", serve); }

}  // namespace fx
