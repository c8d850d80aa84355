// Reading the arguments of a Node-API call and making its results.
//
// Misuse (a wrong type, a range outside its array) throws a TypeError or RangeError into JavaScript;
// `Args::failed` is then true and the caller returns nullptr. Nothing here throws a C++ exception.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace fx {

// A byte range inside a Uint8Array. Valid while the array is alive and its buffer is attached.
struct Bytes {
  uint8_t* data = nullptr;
  size_t length = 0;
};

class Args {
 public:
  // Reads up to `countMax` arguments; fewer than `required` is a TypeError.
  Args(napi_env env, napi_callback_info info, size_t required) : env_(env) {
    argc_ = kMax;
    if (napi_get_cb_info(env, info, &argc_, argv_, &self_, &data_) != napi_ok) failed_ = true;
    if (!failed_ && argc_ < required) typeError("too few arguments");
  }

  bool failed() const { return failed_; }
  napi_value self() const { return self_; }
  void* data() const { return data_; }
  napi_value operator[](size_t i) const { return argv_[i]; }

  int32_t int32(size_t i) {
    int32_t value = 0;
    if (!failed_ && napi_get_value_int32(env_, argv_[i], &value) != napi_ok) typeError("a number was expected");
    return value;
  }

  // CRCs and flags: the number modulo 2^32.
  uint32_t uint32(size_t i) {
    uint32_t value = 0;
    if (!failed_ && napi_get_value_uint32(env_, argv_[i], &value) != napi_ok) typeError("a number was expected");
    return value;
  }

  // A file position or size: an integer from 0 to 2^53 - 1.
  int64_t size(size_t i) {
    double value = 0;
    if (failed_) return 0;
    if (napi_get_value_double(env_, argv_[i], &value) != napi_ok) {
      typeError("a number was expected");
      return 0;
    }
    if (!(value >= 0 && value <= 9007199254740991.0) || value != static_cast<double>(static_cast<int64_t>(value))) {
      rangeError("a size or position is not an integer from 0 to 2^53 - 1");
      return 0;
    }
    return static_cast<int64_t>(value);
  }

  // A whole Uint8Array (or Buffer).
  Bytes array(size_t i) {
    Bytes bytes;
    if (failed_) return bytes;
    napi_typedarray_type type;
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_typedarray_info(env_, argv_[i], &type, &length, &data, nullptr, nullptr) != napi_ok ||
        type != napi_uint8_array) {
      typeError("a Uint8Array was expected");
      return bytes;
    }
    bytes.data = static_cast<uint8_t*>(data);
    bytes.length = length;
    return bytes;
  }

  // The arguments i, i + 1, i + 2: (Uint8Array, start, length), the range checked against the array.
  Bytes range(size_t i) {
    Bytes whole = array(i);
    const int64_t start = size(i + 1);
    const int64_t length = size(i + 2);
    if (failed_) return Bytes();
    const auto total = static_cast<int64_t>(whole.length);
    if (start > total || length > total - start) {
      rangeError("a byte range lies outside its array");
      return Bytes();
    }
    return Bytes{whole.data + start, static_cast<size_t>(length)};
  }

  bool isNull(size_t i) {
    napi_valuetype type = napi_undefined;
    return !failed_ && napi_typeof(env_, argv_[i], &type) == napi_ok && (type == napi_null || type == napi_undefined);
  }

  // A string in UTF-8. One that holds NUL is a TypeError: the kernel would cut it there.
  std::string text(size_t i) {
    size_t length = 0;
    if (failed_) return std::string();
    if (napi_get_value_string_utf8(env_, argv_[i], nullptr, 0, &length) != napi_ok) {
      typeError("a string was expected");
      return std::string();
    }
    std::string value(length, '\0');
    napi_get_value_string_utf8(env_, argv_[i], &value[0], length + 1, &length);
    if (value.find('\0') != std::string::npos) typeError("a string contains NUL");
    return value;
  }

  void typeError(const char* message) {
    if (!failed_) napi_throw_type_error(env_, nullptr, message);
    failed_ = true;
  }

  void rangeError(const char* message) {
    if (!failed_) napi_throw_range_error(env_, nullptr, message);
    failed_ = true;
  }

 private:
  static constexpr size_t kMax = 12;
  napi_env env_;
  size_t argc_ = 0;
  napi_value argv_[kMax];
  napi_value self_ = nullptr;
  void* data_ = nullptr;
  bool failed_ = false;
};

inline napi_value number(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

inline napi_value integer(napi_env env, int64_t value) {
  napi_value result = nullptr;
  napi_create_int64(env, value, &result);
  return result;
}

inline napi_value boolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

// Defines `name` on `object` as a native function.
inline void defineFunction(napi_env env, napi_value object, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, object, name, function);
  }
}

}  // namespace fx
