// Keeps a caller and the device loop on one processor, where there are two.
//
// A request makes its caller sleep and the reply wakes it. The scheduler wakes a thread on an idle
// processor where it finds one, so that on an otherwise idle machine caller and loop end up on different
// ones, and each wake-up is an interrupt from one to the other: on a virtual machine that takes longer
// than everything else a request takes. Side by side on one processor they merely take turns, and twice
// as many requests are served. With other work on the machine the scheduler puts them there by itself.
//
// So while one caller sends requests without pause, a thread of lowest priority (nice 19) keeps the
// second processor from being idle, and binds itself to it and the loop to the caller's, whom it follows:
// the request tells the caller's thread, /proc/<thread>/stat its processor. It so burns what polling (wait.h)
// would burn. It ends when requests thin out, when another thread becomes the caller, and at once when
// somebody else wants the processor, which shows in that the clock jumps; it then stays away for a pause that
// doubles from 20 ms to 1 s while this repeats. Then all threads of the process are free again.
//
// With more than two processors each of the others would have to be kept busy: nothing is done then.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace fx {

class Packing : public std::enable_shared_from_this<Packing> {
 public:
  // To be made and used on the loop's thread. Not `enabled`, or on a machine that has not two processors
  // for us, it does nothing.
  explicit Packing(bool enabled);

  // A request of the thread `caller` was read.
  void served(uint32_t caller) {
    caller_.store(caller, std::memory_order_relaxed);
    const uint64_t count = served_.load(std::memory_order_relaxed) + 1;
    served_.store(count, std::memory_order_relaxed);
    if (usable_ && count % kBurstRequests == 0) burst();
  }

  // Ends the thread, soon. Requests may not follow.
  void stop();

  // How often caller and loop were put onto one processor.
  uint64_t packings() const { return packings_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint64_t kBurstRequests = 256;

  void burst();
  bool startThread();
  void run();
  bool accompany();
  bool follow(int processor);
  void freeThreads();

  cpu_set_t allowed_;
  pid_t loop_ = 0;
  bool usable_ = false;
  bool started_ = false;
  uint64_t burstNs_ = 0;
  int processor_ = -1;  // Where caller and loop are; -1: wherever the scheduler likes.

  std::atomic<uint32_t> caller_{0};
  std::atomic<uint64_t> served_{0};
  std::atomic<uint64_t> pausedUntilNs_{0};
  std::atomic<uint64_t> packings_{0};
  std::atomic<bool> active_{false};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace fx
