// Replies whose data lies in files: pieces of files, one after the other, behind a 16-byte reply header.
//
// What the page cache holds is read at once into the output buffer (preadv2 with RWF_NOWAIT). When any
// piece would wait for the disk, the whole reply moves to a thread of libuv's pool, which reads into a
// buffer of its own and writes the reply itself. Buffers are allocated by the running job, so memory is
// bounded by the pool's size; waiting jobs hold only their piece lists and duplicated descriptors. At
// most kJobsMax jobs wait or run; past that, or when no descriptor can be duplicated, the loop reads in
// place and waits for the disk.
#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fx {

constexpr size_t kReplyHeaderBytes = 16;
constexpr uint32_t kJobsMax = 1024;

struct Piece {
  int fd;  // -1: zeros.
  int64_t position;
  size_t bytes;
};

enum class ReadOutcome { kDone, kWouldBlock, kFailed };

// Fills `target` with the pieces. `mayBlock` false: kWouldBlock when any byte is not in the page cache.
// A piece that ends past its file's end is kFailed.
ReadOutcome readPieces(const std::vector<Piece>& pieces, uint8_t* target, bool mayBlock);

// A reply without data: `error` is a positive errno. The result is that of write(2), -errno on failure.
int64_t writeErrorReply(int deviceFd, uint64_t unique, int error);

// write(2) of one whole message, repeated on EINTR. -errno on failure.
int64_t writeMessage(int deviceFd, const void* bytes, size_t length);

// One reply on a thread of the pool. Owns its descriptors.
struct ReadJob {
  uv_work_t work;
  int deviceFd = -1;
  uint64_t unique = 0;
  size_t bytes = 0;
  std::vector<Piece> pieces;
  std::vector<int> duplicates;
  void* owner = nullptr;
  bool replied = false;

  ~ReadJob();
  // Duplicates the pieces' descriptors, so that the caller may close its own. False: none left.
  bool takePieces(const std::vector<Piece>& source);
  // Reads and replies; on the pool's thread.
  void run();
};

}  // namespace fx
