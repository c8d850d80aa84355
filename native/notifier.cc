#include "notifier.h"

#include <cerrno>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace fx {

namespace {

// A larger queue is full, whatever its number of messages; one message always fits an empty queue.
constexpr size_t kQueueBytesMax = 16u << 20;

struct ThreadStart {
  std::shared_ptr<Notifier> notifier;
  void (Notifier::*run)();
};

}  // namespace

Notifier::Notifier(int fd, size_t capacity, std::function<void()> wake)
    : fd_(fd), capacity_(capacity), wake_(std::move(wake)) {}

int Notifier::start(const std::shared_ptr<Notifier>& self) {
  // Signals belong to the JavaScript thread. pthread_create: std::thread throws when it fails.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto* argument = new ThreadStart{self, &Notifier::run};
  const auto main = [](void* data) -> void* {
    std::unique_ptr<ThreadStart> start(static_cast<ThreadStart*>(data));
    ((*start->notifier).*(start->run))();
    return nullptr;
  };
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, main, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    delete argument;
    ::close(self->fd_);
    return -error;
  }
  pthread_detach(thread);
  return 0;
}

bool Notifier::push(const uint8_t* bytes, size_t length) {
  std::lock_guard<std::mutex> guard(mutex_);
  if (gone_ || closing_) return true;
  const size_t pending = pending_.load();
  if (pending >= capacity_ || (pending > 0 && pendingBytes_ + length > kQueueBytesMax)) {
    wasFull_ = true;
    return false;
  }
  queue_.emplace_back(bytes, bytes + length);
  pending_++;
  pendingBytes_ += length;
  if (queue_.size() == 1) changed_.notify_one();
  return true;
}

NotifierStats Notifier::stats() {
  std::lock_guard<std::mutex> guard(mutex_);
  return stats_;
}

void Notifier::close() {
  std::lock_guard<std::mutex> guard(mutex_);
  closing_ = true;
  changed_.notify_one();
}

void Notifier::detach() {
  std::lock_guard<std::mutex> guard(mutex_);
  wake_ = nullptr;
  gone_ = true;
  closing_ = true;
  changed_.notify_one();
}

void Notifier::run() {
  std::deque<std::vector<uint8_t>> batch;
  while (takeBatch(&batch)) {
    for (const auto& message : batch) {
      if (!gone_ && !writeOne(message)) gone_ = true;
      finished(message.size());
    }
    batch.clear();
  }
  ::close(fd_);
  std::lock_guard<std::mutex> guard(mutex_);
  ended_.store(true, std::memory_order_release);
  if (wake_) wake_();
}

// Waits for messages. False when closing and none is left.
bool Notifier::takeBatch(std::deque<std::vector<uint8_t>>* batch) {
  std::unique_lock<std::mutex> guard(mutex_);
  changed_.wait(guard, [this] { return closing_ || !queue_.empty(); });
  batch->swap(queue_);
  return !batch->empty();
}

// False when the device is gone.
bool Notifier::writeOne(const std::vector<uint8_t>& message) {
  ssize_t count;
  do {
    count = write(fd_, message.data(), message.size());
  } while (count < 0 && errno == EINTR);
  const int error = count < 0 ? errno : 0;
  std::lock_guard<std::mutex> guard(mutex_);
  if (error == 0) {
    stats_.written++;
  } else if (error == ENOENT) {
    stats_.unknown++;
  } else {
    stats_.failed++;
    stats_.lastError = error;
  }
  return error != ENODEV && error != ECONNABORTED && error != EBADF;
}

void Notifier::finished(size_t bytes) {
  std::lock_guard<std::mutex> guard(mutex_);
  pendingBytes_ -= bytes;
  const size_t left = --pending_;
  if (wasFull_ && left <= capacity_ / 2) {
    wasFull_ = false;
    drained_ = true;
    if (wake_) wake_();
  }
}

}  // namespace fx
