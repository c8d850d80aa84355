// The adaptive wait: how long to poll a device for the next request before sleeping.
//
// Waking a sleeping thread costs tens of microseconds on a virtual machine, per direction; serving a
// request costs a few. A caller that works without pause sends its next request within that time, so
// polling for it is cheaper than sleeping. A caller that pauses longer is not worth a busy processor.
//
// The window follows what waits turned out to be, as KVM's halt polling does (virt/kvm/kvm_main.c): a
// wait that was longer than the window but shorter than `maxMicros` doubles it, one longer than
// `maxMicros` halves it, down to none. An idle mount therefore never polls.
//
// Each poll gives the processor away first (sched_yield). A caller on the same processor so goes on at
// once. When somebody else keeps the processor for longer than `maxMicros`, the machine is loaded: then
// sleeping is better, since the scheduler favours threads that wake up over threads that yield.
// Polling is given up for a pause that doubles from 20 ms to 1 s while this repeats.
#pragma once

#include <cstdint>
#include <ctime>

namespace fx {

inline uint64_t monotonicNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

class AdaptiveWait {
 public:
  explicit AdaptiveWait(uint32_t maxMicros) : maxNs_(uint64_t{maxMicros} * 1000) {}

  // Nanoseconds to poll, at time `nowNs`; 0: sleep at once.
  uint64_t windowNs(uint64_t nowNs) const { return nowNs < pausedUntilNs_ ? 0 : windowNs_; }

  // Whether a processor given away for `awayNs` shows that the machine is loaded.
  bool isCrowded(uint64_t awayNs) const { return awayNs > maxNs_; }

  // A request arrived `waitedNs` after the device was found empty, asleep or not.
  void arrived(uint64_t waitedNs);

  // The processor was taken away for too long.
  void crowded(uint64_t nowNs);

 private:
  const uint64_t maxNs_;
  uint64_t windowNs_ = 0;
  uint64_t pausedUntilNs_ = 0;
  uint64_t pauseNs_ = 0;
};

}  // namespace fx
