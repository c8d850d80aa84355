// Appending to a file and locking one.
#include <cerrno>

#include <sys/file.h>
#include <sys/uio.h>

#include "addon.h"
#include "napi_util.h"

namespace fx {

namespace {

// Writes every byte of the two ranges at `position`. The count, or -errno if nothing was written.
int64_t writeAll(int fd, int64_t position, const Bytes& head, const Bytes& body) {
  size_t done = 0;
  const size_t total = head.length + body.length;
  while (done < total) {
    iovec parts[2];
    int count = 0;
    if (done < head.length) parts[count++] = {head.data + done, head.length - done};
    const size_t bodyDone = done < head.length ? 0 : done - head.length;
    if (bodyDone < body.length) parts[count++] = {body.data + bodyDone, body.length - bodyDone};
    const ssize_t written = pwritev(fd, parts, count, position + static_cast<int64_t>(done));
    if (written < 0) {
      if (errno == EINTR) continue;
      return done > 0 ? static_cast<int64_t>(done) : -errno;
    }
    if (written == 0) break;
    done += static_cast<size_t>(written);
  }
  return static_cast<int64_t>(done);
}

napi_value append(napi_env env, napi_callback_info info) {
  Args args(env, info, 8);
  const int fd = args.int32(0);
  const int64_t position = args.size(1);
  const Bytes head = args.range(2);
  const Bytes body = args.isNull(5) ? Bytes() : args.range(5);
  if (args.failed()) return nullptr;
  return integer(env, writeAll(fd, position, head, body));
}

napi_value lock(napi_env env, napi_callback_info info) {
  Args args(env, info, 1);
  const int fd = args.int32(0);
  if (args.failed()) return nullptr;
  int result;
  do {
    result = flock(fd, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return integer(env, result == 0 ? 0 : -errno);
}

}  // namespace

void defineFile(napi_env env, napi_value exports) {
  defineFunction(env, exports, "append", append);
  defineFunction(env, exports, "lock", lock);
}

}  // namespace fx
