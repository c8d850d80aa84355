#include "file_reply.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace fx {

namespace {

struct ReplyHeader {
  uint32_t length;
  int32_t error;
  uint64_t unique;
};
static_assert(sizeof(ReplyHeader) == kReplyHeaderBytes, "fuse_out_header of linux/fuse.h");

ReadOutcome readPiece(const Piece& piece, uint8_t* target, bool mayBlock) {
  size_t done = 0;
  while (done < piece.bytes) {
    iovec part = {target + done, piece.bytes - done};
    const ssize_t count =
        preadv2(piece.fd, &part, 1, piece.position + static_cast<int64_t>(done), mayBlock ? 0 : RWF_NOWAIT);
    if (count > 0) {
      done += static_cast<size_t>(count);
    } else if (count == 0) {
      return ReadOutcome::kFailed;
    } else if (errno != EINTR) {
      // EOPNOTSUPP: a filesystem that cannot tell whether it would wait.
      return !mayBlock && (errno == EAGAIN || errno == EOPNOTSUPP) ? ReadOutcome::kWouldBlock : ReadOutcome::kFailed;
    }
  }
  return ReadOutcome::kDone;
}

}  // namespace

ReadOutcome readPieces(const std::vector<Piece>& pieces, uint8_t* target, bool mayBlock) {
  for (const Piece& piece : pieces) {
    if (piece.fd < 0) {
      std::memset(target, 0, piece.bytes);
    } else {
      const ReadOutcome outcome = readPiece(piece, target, mayBlock);
      if (outcome != ReadOutcome::kDone) return outcome;
    }
    target += piece.bytes;
  }
  return ReadOutcome::kDone;
}

int64_t writeMessage(int deviceFd, const void* bytes, size_t length) {
  ssize_t count;
  do {
    count = write(deviceFd, bytes, length);
  } while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

int64_t writeErrorReply(int deviceFd, uint64_t unique, int error) {
  const ReplyHeader header = {kReplyHeaderBytes, -error, unique};
  return writeMessage(deviceFd, &header, sizeof header);
}

ReadJob::~ReadJob() {
  for (const int fd : duplicates) close(fd);
}

bool ReadJob::takePieces(const std::vector<Piece>& source) {
  int lastSource = -1;
  int lastCopy = -1;
  pieces = source;
  for (Piece& piece : pieces) {
    if (piece.fd < 0) continue;
    if (piece.fd != lastSource) {
      lastCopy = fcntl(piece.fd, F_DUPFD_CLOEXEC, 0);
      if (lastCopy < 0) return false;
      lastSource = piece.fd;
      duplicates.push_back(lastCopy);
    }
    piece.fd = lastCopy;
  }
  return true;
}

void ReadJob::run() {
  const size_t total = kReplyHeaderBytes + bytes;
  auto* buffer = static_cast<uint8_t*>(std::malloc(total));
  int64_t result;
  if (buffer == nullptr || readPieces(pieces, buffer + kReplyHeaderBytes, true) != ReadOutcome::kDone) {
    result = writeErrorReply(deviceFd, unique, buffer == nullptr ? ENOMEM : EIO);
  } else {
    const ReplyHeader header = {static_cast<uint32_t>(total), 0, unique};
    std::memcpy(buffer, &header, sizeof header);
    result = writeMessage(deviceFd, buffer, total);
  }
  replied = result >= 0;
  std::free(buffer);
}

}  // namespace fx
