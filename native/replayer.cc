// The replayer: a process that repeats, through a mount, changes that the mount's daemon has already made.
//
// Linux raises file-change events only for system calls on the mount. The daemon knows this process by its
// pid and answers its requests without changing anything (mount/fuse/replay.ts). It is a process and not a
// thread of the daemon: a thread that waits for an answer keeps the device open when the daemon is killed,
// and then waits for ever.
//
//   fxmount-replayer MOUNTPOINT MAJOR MINOR
//
// Commands come on standard input, each a u32 with the bytes that follow, host byte order, then fields that
// end in NUL each: the command, then its arguments. Paths are relative to the root of the mount.
//
//   modified PATH SECONDS NANOSECONDS     utimensat of the modification time alone: IN_MODIFY
//   touched PATH SECONDS NANOSECONDS      utimensat of both times: IN_ATTRIB
//   made PATH MODE                        mknod, or mkdir when MODE (octal, with its type) says so
//   linked PATH TARGET                    symlink
//   unlinked PATH · unmade PATH           unlink; rmdir
//   moved PATH PATH                       rename
//
// The answer to each is an i32: 0 or an errno. It ends with standard input, or with 1 at a command that is
// none. It works only on the filesystem with that device number, and follows no symbolic link and no mount
// inside: what lies elsewhere is never touched.
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace {

constexpr size_t kCommandBytesMax = 16384;

// A descriptor that is closed when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Mount {
  const char* path;
  dev_t device;
};

// The root of the mount, or -errno. It is opened for each command: an open one would keep the mount busy.
int openRoot(const Mount& mount) {
  const int fd = open(mount.path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct stat status;
  const int result = fstat(fd, &status) < 0 ? -errno : status.st_dev != mount.device ? -ESTALE : 0;
  if (result < 0) close(fd);
  return result < 0 ? result : fd;
}

// A path cut into the directory that holds the last name, opened, and that name.
class Place {
 public:
  Place(int root, const std::string& path)
      : slash_(path.rfind('/')),
        name_(slash_ == std::string::npos ? path : path.substr(slash_ + 1)),
        directory_(openDirectory(root, slash_ == std::string::npos ? "." : path.substr(0, slash_))) {}
  bool isOpen() const { return directory_.get() >= 0; }
  int directory() const { return directory_.get(); }
  const char* name() const { return name_.empty() ? "." : name_.c_str(); }

 private:
  static int openDirectory(int root, const std::string& path) {
    open_how how = {};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
    return static_cast<int>(syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
  }

  size_t slash_;
  std::string name_;
  Descriptor directory_;
};

int setTimes(const Place& place, const std::vector<std::string>& fields, bool both) {
  timespec modified;
  modified.tv_sec = std::strtoll(fields[2].c_str(), nullptr, 10);
  modified.tv_nsec = std::strtol(fields[3].c_str(), nullptr, 10);
  timespec times[2] = {modified, modified};
  if (!both) times[0].tv_nsec = UTIME_OMIT;
  return utimensat(place.directory(), place.name(), times, AT_SYMLINK_NOFOLLOW);
}

int make(const Place& place, const std::string& text) {
  const auto mode = static_cast<mode_t>(std::strtoul(text.c_str(), nullptr, 8));
  if (S_ISDIR(mode)) return mkdirat(place.directory(), place.name(), mode & 07777);
  return mknodat(place.directory(), place.name(), mode, 0);
}

// 0 or an errno; -1 for what is no command.
int run(const Mount& mount, const std::vector<std::string>& fields) {
  const std::string& command = fields[0];
  const size_t count = fields.size();
  const bool isTimes = command == "modified" || command == "touched";
  const bool isRemoval = command == "unlinked" || command == "unmade";
  const bool isPair = command == "made" || command == "linked" || command == "moved";
  if (!((isTimes && count == 4) || (isRemoval && count == 2) || (isPair && count == 3))) return -1;

  const Descriptor root(openRoot(mount));
  if (root.get() < 0) return -root.get();
  const Place place(root.get(), fields[1]);
  if (!place.isOpen()) return errno;
  int result;
  if (isTimes) {
    result = setTimes(place, fields, command == "touched");
  } else if (isRemoval) {
    result = unlinkat(place.directory(), place.name(), command == "unmade" ? AT_REMOVEDIR : 0);
  } else if (command == "made") {
    result = make(place, fields[2]);
  } else if (command == "linked") {
    result = symlinkat(fields[2].c_str(), place.directory(), place.name());
  } else {
    const Place target(root.get(), fields[2]);
    if (!target.isOpen()) return errno;
    result = renameat(place.directory(), place.name(), target.directory(), target.name());
  }
  return result < 0 ? errno : 0;
}

bool readAll(void* into, size_t bytes) {
  auto* at = static_cast<char*>(into);
  while (bytes > 0) {
    const ssize_t count = read(STDIN_FILENO, at, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    bytes -= static_cast<size_t>(count);
  }
  return true;
}

std::vector<std::string> split(const std::string& command) {
  std::vector<std::string> fields;
  size_t start = 0;
  for (size_t end; (end = command.find('\0', start)) != std::string::npos; start = end + 1) {
    fields.push_back(command.substr(start, end - start));
  }
  if (start != command.size()) fields.clear();
  return fields;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 1;
  // It ends with the daemon, whatever ends that.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  umask(0);
  const Mount mount = {argv[1], makedev(std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10))};
  uint32_t bytes;
  while (readAll(&bytes, sizeof bytes)) {
    if (bytes == 0 || bytes > kCommandBytesMax) return 1;
    std::string command(bytes, '\0');
    if (!readAll(&command[0], bytes)) return 1;
    const std::vector<std::string> fields = split(command);
    const int32_t result = fields.empty() ? -1 : run(mount, fields);
    if (result < 0) return 1;
    if (write(STDOUT_FILENO, &result, sizeof result) != sizeof result) return 1;
  }
  return 0;
}
