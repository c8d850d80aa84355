// The loop that reads requests from a FUSE device and writes replies, on the JavaScript thread.
//
// The descriptor is non-blocking and watched by libuv. When it is readable, one *turn* reads requests
// until none is left, calls the handler with each, and writes its reply before the next read. When the
// device is empty, the turn polls as AdaptiveWait says, then sleeps in libuv's loop. A turn ends after
// kTurnNs or kTurnRequests all the same, so that timers, sockets and worker messages get their time; an
// idle handle brings it back at once. Promises and process.nextTick run whenever the device is found
// empty, and at the end of each turn.
//
// Who owns what: the device duplicates the descriptor and closes only its copy. The three arrays stay
// JavaScript's; their memory must not be transferred or resized while the device runs. The object lives
// until it is stopped and closed, the last read job ended, and JavaScript dropped it.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <cstdint>
#include <vector>

#include "clock.h"
#include "file_reply.h"
#include "napi_util.h"
#include "packing.h"
#include "wait.h"

namespace fx {

struct DeviceStats {
  uint64_t requests = 0;
  uint64_t replies = 0;
  uint64_t drains = 0;
  uint64_t sleeps = 0;
  uint64_t pollHits = 0;
  uint64_t pollMisses = 0;
  uint64_t readsOffThread = 0;
  uint64_t readsInPlace = 0;
  uint64_t crowded = 0;
};

class Device {
 public:
  Device(napi_env env, int fd, uint32_t pollMicrosMax)
      : env_(env), fd_(fd), wait_(pollMicrosMax), packing_(std::make_shared<Packing>(pollMicrosMax > 0)) {}

  // What `serve` took from its options, checked.
  Bytes input;
  Bytes output;
  double* pieces = nullptr;
  size_t piecesMax = 0;
  napi_ref inputRef = nullptr;
  napi_ref outputRef = nullptr;
  napi_ref piecesRef = nullptr;
  napi_ref handlerRef = nullptr;
  napi_ref onCloseRef = nullptr;

  // Starts serving; `object` is JavaScript's object, kept alive until the device is closed. 0 or -errno.
  int start(napi_value object);
  // Stops reading for good. Jobs that run still reply.
  void stop();
  int64_t reply(const Bytes& bytes);
  // JavaScript's object is gone.
  void release();
  // Instead of all else when `start` failed.
  void abandon();
  const DeviceStats& stats() const { return stats_; }
  uint64_t packings() const { return packing_->packings(); }
  double windowMicros() const { return static_cast<double>(wait_.windowNs(monotonicNs())) / 1000; }

 private:
  class Scope;

  static void onReadable(uv_poll_t* handle, int status, int events);
  static void onIdle(uv_idle_t* handle);
  static void onHandleClosed(uv_handle_t* handle);
  static void onCleanup(napi_async_cleanup_hook_handle handle, void* data);

  static void onJobDone(uv_work_t* work, int status);

  void turn();
  void spin(bool active);
  int64_t readRequest();
  int64_t pollRequest(uint64_t turnEndNs);
  int64_t serveQueued(int64_t length, uint64_t turnEndNs);
  void handle(size_t length, napi_value handler);
  void answer(uint64_t unique, int64_t result);
  void answerFromFiles(uint64_t unique, uint64_t count);
  bool takePieces(uint64_t count, size_t* total);
  void writeReply(uint64_t unique, size_t length);
  bool queueJob(uint64_t unique, size_t bytes);
  void fail(uint64_t unique, const char* message);
  void raisePending();
  void closed(int error);
  void settle();
  void deleteReferences();

  ~Device();

  napi_env env_;
  int fd_;
  AdaptiveWait wait_;
  std::shared_ptr<Packing> packing_;
  DeviceStats stats_;
  Clock* clock_ = nullptr;
  uv_poll_t poll_;
  uv_idle_t idle_;
  napi_async_context context_ = nullptr;
  napi_ref objectRef_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  uint64_t emptySinceNs_ = 0;  // When the device was found empty; 0 while it is not.
  std::vector<Piece> taken_;
  uint32_t jobs_ = 0;
  int handlesOpen_ = 0;
  bool stopped_ = false;
  bool pollFirst_ = false;  // The last poll waited for its request: the next read would find none.
  bool held_ = true;       // By JavaScript's object.
  bool spinning_ = false;  // The idle handle is active.
};

}  // namespace fx
