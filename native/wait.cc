#include "wait.h"

#include <algorithm>

namespace fx {

namespace {

constexpr uint64_t kFirstWindowNs = 10'000;
constexpr uint64_t kPauseMinNs = 20'000'000;
constexpr uint64_t kPauseMaxNs = 1'000'000'000;

}  // namespace

void AdaptiveWait::arrived(uint64_t waitedNs) {
  if (maxNs_ == 0) return;
  if (waitedNs > maxNs_) {
    windowNs_ = windowNs_ / 2 < kFirstWindowNs ? 0 : windowNs_ / 2;
  } else if (waitedNs > windowNs_) {
    windowNs_ = std::min(std::max(2 * windowNs_, kFirstWindowNs), maxNs_);
  }
}

void AdaptiveWait::crowded(uint64_t nowNs) {
  const bool again = nowNs < pausedUntilNs_ + 2 * pauseNs_;
  pauseNs_ = again ? std::min(2 * pauseNs_, kPauseMaxNs) : kPauseMinNs;
  pausedUntilNs_ = nowNs + pauseNs_;
}

}  // namespace fx
