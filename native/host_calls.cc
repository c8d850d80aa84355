#include "host_calls.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <climits>
#include <cstdio>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace fx {

namespace {

// Most names have room on the stack; the kernel's own limits (XATTR_LIST_MAX, XATTR_SIZE_MAX) bound the rest.
constexpr size_t kFirstBytes = 1024;
constexpr size_t kXattrBytesMax = 65536;

// What `read` (a call with a buffer) gives, with a larger buffer when the first does not do.
template <typename Read>
int readWhole(const Read& read, std::string& out) {
  char first[kFirstBytes];
  ssize_t count = read(first, sizeof first);
  if (count >= 0) {
    out.assign(first, static_cast<size_t>(count));
    return 0;
  }
  if (errno != ERANGE) return -errno;
  out.resize(kXattrBytesMax);
  count = read(&out[0], out.size());
  if (count < 0) return -errno;
  out.resize(static_cast<size_t>(count));
  return 0;
}

}  // namespace

int setTimes(const std::string& path, const Timespec& access, const Timespec& modification) {
  const timespec times[2] = {{static_cast<time_t>(access.seconds), static_cast<long>(access.nanoseconds)},
                             {static_cast<time_t>(modification.seconds), static_cast<long>(modification.nanoseconds)}};
  return utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : -errno;
}

int setMode(const std::string& path, uint32_t mode) {
  // fchmodat2(2), which could do this at once, is not in every kernel.
  const int fd = open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct stat stats = {};
  int result = fstat(fd, &stats) == 0 ? 0 : -errno;
  if (result == 0 && S_ISLNK(stats.st_mode)) result = -ELOOP;
  if (result == 0) {
    char name[32];
    std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (chmod(name, static_cast<mode_t>(mode)) != 0) result = -errno;
  }
  close(fd);
  return result;
}

int makeNode(const std::string& path, uint32_t mode, uint64_t device) {
  return mknod(path.c_str(), static_cast<mode_t>(mode), static_cast<dev_t>(device)) == 0 ? 0 : -errno;
}

int getXattrs(const std::string& path, std::vector<Xattr>& out) {
  std::string names;
  const int result = readWhole([&](char* to, size_t bytes) { return llistxattr(path.c_str(), to, bytes); }, names);
  if (result != 0) return result;
  for (size_t at = 0; at < names.size();) {
    // The kernel closes each name with NUL; a list without the last one ends all the same.
    const size_t end = std::min(names.find('\0', at), names.size());
    Xattr xattr;
    xattr.name = names.substr(at, end - at);
    at = end + 1;
    const int got = readWhole(
        [&](char* to, size_t bytes) { return lgetxattr(path.c_str(), xattr.name.c_str(), to, bytes); }, xattr.value);
    if (got == -ENODATA) continue;
    if (got == -ENOENT) return got;
    xattr.readable = got == 0;
    out.push_back(std::move(xattr));
  }
  return 0;
}

int setXattr(const std::string& path, const std::string& name, const std::string& value) {
  return lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) == 0 ? 0 : -errno;
}

int64_t seekData(int fd, int64_t position, bool hole) {
  const off_t found = lseek(fd, static_cast<off_t>(position), hole ? SEEK_HOLE : SEEK_DATA);
  return found >= 0 ? static_cast<int64_t>(found) : -errno;
}

int dropMapped(const std::string& path) {
  struct stat stats = {};
  if (stat(path.c_str(), &stats) != 0) return -errno;
  FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return -errno;
  char line[PATH_MAX + 128];
  int result = 0;
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    uintptr_t start = 0;
    uintptr_t end = 0;
    unsigned major = 0;
    unsigned minor = 0;
    uint64_t inode = 0;
    const int fields = std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*x %x:%x %" SCNu64, &start, &end, &major,
                                   &minor, &inode);
    if (fields != 5 || inode != stats.st_ino || makedev(major, minor) != stats.st_dev) continue;
    if (madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED) != 0) result = -errno;
  }
  std::fclose(maps);
  return result;
}

}  // namespace fx
