#include "packing.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wait.h"

namespace fx {

namespace {

// Requests count as dense when kBurstRequests of them take no longer than this...
constexpr uint64_t kBurstNs = 25'000'000;
// ...and as long as each sample sees this many of one caller, but for a few samples.
constexpr uint64_t kSampleNs = 250'000;
constexpr uint64_t kSampleRequests = 2;
constexpr unsigned kSparseMax = 8;
// Samples without anybody else on the processor before threads are bound.
constexpr unsigned kSettleSamples = 12;
// A sample that took so long was interrupted by somebody who had work to do. So may be a few, by collectors of
// garbage and the like; of a window no more than a quarter may be lost to others.
constexpr uint64_t kInterruptedNs = 1'000'000;
constexpr uint64_t kWindowNs = 16'000'000;
constexpr uint64_t kLostPart = 4;
constexpr uint64_t kPauseMinNs = 20'000'000;
constexpr uint64_t kPauseMaxNs = 1'000'000'000;
constexpr int kNiceLowest = 19;
constexpr int kStatProcessorField = 39;  // proc(5)

// One process has one place to be: a second device must not pull at the same threads.
std::atomic<bool> isTaken{false};

pid_t threadId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// The processor that a thread of any process runs on or ran last; -1 when that cannot be known.
int processorOf(uint32_t thread) {
  char text[1024];
  std::snprintf(text, sizeof text, "/proc/%u/stat", thread);
  const int fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return -1;
  text[length] = '\0';
  // Field 2 is a name in parentheses and may hold anything.
  const char* at = std::strrchr(text, ')');
  for (int field = 2; at != nullptr && field < kStatProcessorField; field++) at = std::strchr(at + 1, ' ');
  return at == nullptr ? -1 : std::atoi(at + 1);
}

// Keeps this processor busy. Returns how long that took, at least `ns`.
uint64_t spin(uint64_t ns) {
  const uint64_t startNs = monotonicNs();
  uint64_t nowNs = startNs;
  while (nowNs - startNs < ns) nowNs = monotonicNs();
  return nowNs - startNs;
}

cpu_set_t only(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return set;
}

}  // namespace

Packing::Packing(bool enabled) {
  loop_ = threadId();
  usable_ = enabled && sched_getaffinity(loop_, sizeof allowed_, &allowed_) == 0 && CPU_COUNT(&allowed_) == 2;
}

// kBurstRequests more were served.
void Packing::burst() {
  const uint64_t nowNs = monotonicNs();
  const bool dense = nowNs - burstNs_ < kBurstNs;
  burstNs_ = nowNs;
  if (!dense || active_ || nowNs < pausedUntilNs_) return;
  if (!started_ && !startThread()) return;
  std::lock_guard<std::mutex> guard(mutex_);
  active_ = true;
  wake_.notify_one();
}

bool Packing::startThread() {
  // Signals belong to the JavaScript thread. pthread_create: std::thread throws when it fails.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto* self = new std::shared_ptr<Packing>(shared_from_this());
  const auto main = [](void* data) -> void* {
    const std::unique_ptr<std::shared_ptr<Packing>> packing(static_cast<std::shared_ptr<Packing>*>(data));
    (*packing)->run();
    return nullptr;
  };
  pthread_t thread;
  started_ = pthread_create(&thread, nullptr, main, self) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started_) {
    delete self;
    usable_ = false;
    return false;
  }
  pthread_detach(thread);
  return true;
}

void Packing::stop() {
  std::lock_guard<std::mutex> guard(mutex_);
  stopped_ = true;
  usable_ = false;
  wake_.notify_one();
}

void Packing::run() {
  uint64_t pauseNs = kPauseMinNs;
  setpriority(PRIO_PROCESS, static_cast<id_t>(threadId()), kNiceLowest);
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return active_ || stopped_; });
      if (stopped_) return;
    }
    if (!isTaken.exchange(true)) {
      const uint64_t beganNs = monotonicNs();
      const bool crowded = accompany();
      freeThreads();
      isTaken = false;
      // Company that lasted for long was worth it: being interrupted once does not tell of a loaded machine.
      const bool again = crowded && monotonicNs() - beganNs < kPauseMaxNs;
      pauseNs = again ? std::min(2 * pauseNs, kPauseMaxNs) : kPauseMinNs;
    }
    pausedUntilNs_ = monotonicNs() + pauseNs;
    active_ = false;
  }
}

// Returns when it is not worth it any more; true when somebody else wants the processor.
bool Packing::accompany() {
  unsigned sparse = 0;
  unsigned settled = 0;
  uint64_t windowNs = 0;
  uint64_t lostNs = 0;
  while (!stopped_ && sparse <= kSparseMax) {
    const uint64_t served = served_;
    const uint32_t caller = caller_;
    const uint64_t tookNs = spin(kSampleNs);
    windowNs += tookNs;
    if (tookNs > kInterruptedNs) lostNs += tookNs;
    if (lostNs > 0 && (settled < kSettleSamples || lostNs > kWindowNs / kLostPart)) return true;
    if (windowNs > kWindowNs) windowNs = lostNs = 0;
    const bool dense = caller_ == caller && served_ - served >= kSampleRequests;
    sparse = dense ? 0 : sparse + 1;
    if (!dense || ++settled < kSettleSamples) continue;
    const int processor = processorOf(caller);
    if (processor < 0 || (processor != processor_ && !follow(processor))) return false;
  }
  return false;
}

// Binds the loop to the caller's processor and this thread to the other.
bool Packing::follow(int processor) {
  if (!CPU_ISSET(processor, &allowed_)) return false;
  const cpu_set_t here = only(processor);
  cpu_set_t other;
  CPU_XOR(&other, &allowed_, &here);
  if (sched_setaffinity(loop_, sizeof here, &here) != 0 || sched_setaffinity(0, sizeof other, &other) != 0) return false;
  processor_ = processor;
  packings_++;
  return true;
}

// Lets all threads run everywhere again: those that the loop began meanwhile are bound as it was.
void Packing::freeThreads() {
  if (processor_ < 0) return;
  processor_ = -1;
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) {
    sched_setaffinity(loop_, sizeof allowed_, &allowed_);
    sched_setaffinity(0, sizeof allowed_, &allowed_);
    return;
  }
  while (const dirent* task = readdir(tasks)) {
    const int thread = std::atoi(task->d_name);
    if (thread > 0) sched_setaffinity(thread, sizeof allowed_, &allowed_);
  }
  closedir(tasks);
}

}  // namespace fx
