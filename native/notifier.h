// The thread that writes notifications (INVAL_INODE, INVAL_ENTRY, STORE, DELETE) to a FUSE device.
//
// Why a thread: writing a notification takes locks of the kernel that a request may hold while it waits
// for our answer, and waits for them without a way to be interrupted.
//   INVAL_ENTRY, DELETE   the directory's inode lock: held by a CREATE, UNLINK, RENAME or LOOKUP in it
//   INVAL_INODE, STORE    the locks of the file's pages: held by a READ of them
// A loop that writes such a notification before it has answered that request waits for itself for ever.
// Here the loop goes on answering while the thread waits, so each lock is released in the end.
//
// What follows for callers:
//   * Keep serving requests while notifications are pending, also while closing: close the notifier
//     first, then stop the device.
//   * A thread that waits in write(2) cannot be ended, not by SIGKILL either. When nobody serves any
//     more, only aborting the connection frees it (umount -f, or its `abort` file under
//     /sys/fs/fuse/connections).
//   * Never call into the mount from the thread that serves it.
//
// The queue is bounded in messages and bytes. A notification is never refused for lack of space by the
// kernel; ENOENT (it did not know the inode or name) is success. Other errors are counted, and the
// message is dropped.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace fx {

struct NotifierStats {
  uint64_t written = 0;
  uint64_t unknown = 0;  // ENOENT.
  uint64_t failed = 0;
  int lastError = 0;
};

class Notifier {
 public:
  // Owns `fd`. `wake` is called from the thread, never after `detach` returned.
  Notifier(int fd, size_t capacity, std::function<void()> wake);

  // Starts the thread; 0 or -errno. The thread keeps `self` alive.
  static int start(const std::shared_ptr<Notifier>& self);

  // Copies the message into the queue. False when it is full: `takeDrained` will be true later.
  bool push(const uint8_t* bytes, size_t length);
  size_t pending() const { return pending_.load(std::memory_order_relaxed); }
  NotifierStats stats();

  // Asks the thread to end after the queue is written.
  void close();
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  // True once after a full queue has become half empty.
  bool takeDrained() { return drained_.exchange(false); }
  // Drops what is queued and never calls `wake` again.
  void detach();

 private:
  void run();
  bool takeBatch(std::deque<std::vector<uint8_t>>* batch);
  bool writeOne(const std::vector<uint8_t>& message);
  void finished(size_t bytes);

  const int fd_;
  const size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<uint8_t>> queue_;
  std::function<void()> wake_;
  NotifierStats stats_;
  size_t pendingBytes_ = 0;
  bool wasFull_ = false;
  bool closing_ = false;
  std::atomic<size_t> pending_{0};
  std::atomic<bool> drained_{false};
  std::atomic<bool> ended_{false};
  std::atomic<bool> gone_{false};
};

}  // namespace fx
