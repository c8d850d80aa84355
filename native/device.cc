#include "device.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace fx {

namespace {

constexpr uint64_t kTurnNs = 2'000'000;
constexpr uint64_t kTurnRequests = 512;
// Offsets in fuse_in_header of linux/fuse.h, and its length.
constexpr size_t kUniqueAt = 8;
constexpr size_t kCallerAt = 32;
constexpr size_t kRequestHeaderBytes = 40;
// A request that is there so soon after a reply was queued before it.
constexpr uint64_t kQueuedNs = 1'500;

}  // namespace

// A handle scope with Node's callback scope in it: closing it runs process.nextTick and promises.
class Device::Scope {
 public:
  explicit Scope(Device* device) : device_(device) {
    napi_open_handle_scope(device->env_, &handles_);
    napi_value resource = nullptr;
    napi_get_reference_value(device->env_, device->objectRef_, &resource);
    napi_open_callback_scope(device->env_, resource, device->context_, &callback_);
    napi_get_reference_value(device->env_, device->handlerRef, &handler);
  }
  ~Scope() {
    if (callback_ != nullptr) napi_close_callback_scope(device_->env_, callback_);
    napi_close_handle_scope(device_->env_, handles_);
  }
  napi_value handler = nullptr;

 private:
  Device* device_;
  napi_handle_scope handles_ = nullptr;
  napi_callback_scope callback_ = nullptr;
};

Device::~Device() {
  packing_->stop();
  close(fd_);
}

int Device::start(napi_value object) {
  uv_loop_t* loop = nullptr;
  const int flags = fcntl(fd_, F_GETFL);
  if (flags < 0 || fcntl(fd_, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -ENOSYS;
  const int error = uv_poll_init(loop, &poll_, fd_);
  if (error != 0) return error;
  uv_idle_init(loop, &idle_);
  handlesOpen_ = 2;
  poll_.data = this;
  idle_.data = this;
  clock_ = clockOf(env_);

  napi_value name = nullptr;
  napi_create_string_utf8(env_, "fxmount.device", NAPI_AUTO_LENGTH, &name);
  napi_create_reference(env_, object, 1, &objectRef_);
  napi_async_init(env_, object, name, &context_);
  napi_add_async_cleanup_hook(env_, onCleanup, this, &cleanup_);
  emptySinceNs_ = monotonicNs();
  return uv_poll_start(&poll_, UV_READABLE, onReadable);
}

void Device::stop() {
  if (stopped_) return;
  stopped_ = true;
  packing_->stop();
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), onHandleClosed);
  uv_close(reinterpret_cast<uv_handle_t*>(&idle_), onHandleClosed);
}

void Device::release() {
  held_ = false;
  settle();
}

void Device::onHandleClosed(uv_handle_t* handle) {
  auto* device = static_cast<Device*>(handle->data);
  device->handlesOpen_--;
  device->settle();
}

// Lets go of what belongs to JavaScript when nothing can call any more, and of itself when unreferenced.
void Device::settle() {
  if (!stopped_ || handlesOpen_ > 0 || jobs_ > 0) return;
  if (context_ != nullptr) {
    deleteReferences();
    napi_async_destroy(env_, context_);
    context_ = nullptr;
    napi_remove_async_cleanup_hook(cleanup_);
  }
  if (!held_) delete this;
}

void Device::deleteReferences() {
  for (napi_ref ref : {inputRef, outputRef, piecesRef, handlerRef, onCloseRef, objectRef_}) {
    if (ref != nullptr) napi_delete_reference(env_, ref);
  }
}

void Device::abandon() {
  deleteReferences();
  delete this;
}

void Device::onCleanup(napi_async_cleanup_hook_handle, void* data) { static_cast<Device*>(data)->stop(); }

void Device::onReadable(uv_poll_t* handle, int status, int) {
  auto* device = static_cast<Device*>(handle->data);
  device->turn();
  if (status >= 0 || device->stopped_) return;
  // libuv stops watching a descriptor in error; reading did not tell which error it is.
  Scope scope(device);
  device->closed(EIO);
}

void Device::onIdle(uv_idle_t* handle) { static_cast<Device*>(handle->data)->turn(); }

// Makes the loop come back without sleeping.
void Device::spin(bool active) {
  if (active == spinning_ || stopped_) return;
  spinning_ = active;
  if (active) {
    uv_idle_start(&idle_, onIdle);
  } else {
    uv_idle_stop(&idle_);
  }
}

void Device::turn() {
  const uint64_t turnEndNs = monotonicNs() + kTurnNs;
  stats_.drains++;
  int64_t length = readRequest();
  while (!stopped_) {
    if (length == -EAGAIN) {
      length = pollRequest(turnEndNs);
      if (length == -EAGAIN) {
        stats_.sleeps++;
        return spin(false);
      }
    }
    if (length != -ETIME) length = serveQueued(length, turnEndNs);
    if (length == -ETIME) return spin(true);
  }
}

int64_t Device::readRequest() {
  const ssize_t length = read(fd_, input.data, input.length);
  if (length == 0) return -EIO;
  return length < 0 ? -errno : length;
}

// Reads again until a request comes, polling stops being worth it (-EAGAIN) or the turn ends (-ETIME).
int64_t Device::pollRequest(uint64_t turnEndNs) {
  uint64_t beforeNs = monotonicNs();
  if (emptySinceNs_ == 0) emptySinceNs_ = beforeNs;
  const uint64_t windowNs = wait_.windowNs(beforeNs);
  pollFirst_ = false;
  if (windowNs == 0) return -EAGAIN;
  for (;;) {
    sched_yield();
    const int64_t result = readRequest();
    const uint64_t nowNs = monotonicNs();
    const bool crowded = wait_.isCrowded(nowNs - beforeNs);
    if (crowded) {
      stats_.crowded++;
      wait_.crowded(nowNs);
    }
    if (result != -EAGAIN) {
      stats_.pollHits++;
      pollFirst_ = !crowded && nowNs - emptySinceNs_ > kQueuedNs;
      return result;
    }
    if (crowded || nowNs - emptySinceNs_ >= windowNs) {
      stats_.pollMisses++;
      return -EAGAIN;
    }
    if (nowNs >= turnEndNs) return -ETIME;
    beforeNs = nowNs;
  }
}

// Serves what was read, then what is queued. -EAGAIN: the device is empty; -ETIME: the turn ends.
int64_t Device::serveQueued(int64_t length, uint64_t turnEndNs) {
  Scope scope(this);
  for (uint64_t served = 0; !stopped_; served++) {
    const uint64_t nowNs = monotonicNs();
    if (length > 0) {
      if (emptySinceNs_ != 0) wait_.arrived(nowNs - emptySinceNs_);
      emptySinceNs_ = 0;
      handle(static_cast<size_t>(length), scope.handler);
      if (stopped_) break;
    } else if (length == -EAGAIN) {
      return length;
    } else if (length != -EINTR && length != -ENOENT) {  // ENOENT: the request was aborted while being read.
      closed(static_cast<int>(-length));
      break;
    }
    if (nowNs >= turnEndNs || served >= kTurnRequests) return -ETIME;
    length = pollFirst_ ? -EAGAIN : readRequest();
  }
  return -ECANCELED;
}

void Device::handle(size_t length, napi_value handler) {
  uint64_t unique = 0;
  if (length >= kReplyHeaderBytes) std::memcpy(&unique, input.data + kUniqueAt, sizeof unique);
  if (length >= kRequestHeaderBytes) {
    uint32_t caller = 0;
    std::memcpy(&caller, input.data + kCallerAt, sizeof caller);
    packing_->served(caller);
  }
  stats_.requests++;
  clock_->tick();

  napi_handle_scope handles = nullptr;
  napi_open_handle_scope(env_, &handles);
  napi_value argument = nullptr;
  napi_value returned = nullptr;
  int64_t result = 0;
  napi_create_uint32(env_, static_cast<uint32_t>(length), &argument);
  if (napi_call_function(env_, argument, handler, 1, &argument, &returned) != napi_ok) {
    writeErrorReply(fd_, unique, EIO);
    raisePending();
  } else if (napi_get_value_int64(env_, returned, &result) != napi_ok) {
    fail(unique, "the handler of a request returned no number");
  } else if (result > 0) {
    writeReply(unique, static_cast<size_t>(result));
  } else if (result < 0) {
    answerFromFiles(unique, static_cast<uint64_t>(-result));
  }
  napi_close_handle_scope(env_, handles);
}

void Device::writeReply(uint64_t unique, size_t length) {
  if (length > output.length) return fail(unique, "a reply is longer than the output buffer");
  const int64_t result = writeMessage(fd_, output.data, length);
  if (result >= 0) {
    stats_.replies++;
  } else if (result == -EINVAL || result == -E2BIG || result == -EFAULT) {
    fail(unique, "the kernel refused a reply: its length or header is wrong");
  }
  // Any other error: the request was aborted, or the device is gone, which the next read tells.
}

// Checks the pieces that the handler left and sums their sizes.
bool Device::takePieces(uint64_t count, size_t* total) {
  if (count > piecesMax) return false;
  taken_.clear();
  *total = 0;
  for (uint64_t i = 0; i < count; i++) {
    const double fd = pieces[3 * i];
    const double position = pieces[3 * i + 1];
    const double bytes = pieces[3 * i + 2];
    const bool valid = fd >= -1 && fd <= INT32_MAX && position >= 0 && position <= 9007199254740991.0 && bytes >= 0 &&
                       bytes <= static_cast<double>(output.length - kReplyHeaderBytes - *total);
    if (!valid) return false;
    taken_.push_back({static_cast<int>(fd), static_cast<int64_t>(position), static_cast<size_t>(bytes)});
    *total += static_cast<size_t>(bytes);
  }
  return true;
}

void Device::answerFromFiles(uint64_t unique, uint64_t count) {
  size_t bytes = 0;
  if (!takePieces(count, &bytes)) return fail(unique, "the pieces of a reply are out of range");
  ReadOutcome outcome = readPieces(taken_, output.data + kReplyHeaderBytes, false);
  if (outcome == ReadOutcome::kWouldBlock) {
    if (queueJob(unique, bytes)) return;
    stats_.readsInPlace++;
    outcome = readPieces(taken_, output.data + kReplyHeaderBytes, true);
  }
  if (outcome == ReadOutcome::kFailed) {
    writeErrorReply(fd_, unique, EIO);
    return;
  }
  const auto length = static_cast<uint32_t>(kReplyHeaderBytes + bytes);
  std::memcpy(output.data, &length, sizeof length);
  writeReply(unique, length);
}

bool Device::queueJob(uint64_t unique, size_t bytes) {
  if (jobs_ >= kJobsMax) return false;
  auto* job = new ReadJob();
  job->deviceFd = fd_;
  job->unique = unique;
  job->bytes = bytes;
  job->owner = this;
  job->work.data = job;
  const auto run = [](uv_work_t* work) { static_cast<ReadJob*>(work->data)->run(); };
  if (!job->takePieces(taken_) || uv_queue_work(poll_.loop, &job->work, run, onJobDone) != 0) {
    delete job;
    return false;
  }
  jobs_++;
  stats_.readsOffThread++;
  return true;
}

void Device::onJobDone(uv_work_t* work, int) {
  auto* job = static_cast<ReadJob*>(work->data);
  auto* device = static_cast<Device*>(job->owner);
  if (job->replied) device->stats_.replies++;
  delete job;
  device->jobs_--;
  device->settle();
}

int64_t Device::reply(const Bytes& bytes) {
  if (stopped_) return -ENODEV;
  const int64_t result = writeMessage(fd_, bytes.data, bytes.length);
  if (result >= 0) stats_.replies++;
  return result < 0 ? result : 0;
}

// A fault of the handler: the request is answered EIO, so that its caller does not wait for ever.
void Device::fail(uint64_t unique, const char* message) {
  napi_value text = nullptr;
  napi_value error = nullptr;
  writeErrorReply(fd_, unique, EIO);
  napi_create_string_utf8(env_, message, NAPI_AUTO_LENGTH, &text);
  napi_create_error(env_, nullptr, text, &error);
  napi_fatal_exception(env_, error);
}

// Hands an exception that left JavaScript to 'uncaughtException', which ends the process by default.
void Device::raisePending() {
  bool pending = false;
  napi_value error = nullptr;
  napi_is_exception_pending(env_, &pending);
  if (pending && napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
}

// Runs inside a Scope.
void Device::closed(int error) {
  stop();
  napi_value onClose = nullptr;
  napi_value argument = nullptr;
  napi_get_reference_value(env_, onCloseRef, &onClose);
  napi_create_int32(env_, error, &argument);
  if (napi_call_function(env_, argument, onClose, 1, &argument, nullptr) != napi_ok) raisePending();
}

}  // namespace fx
