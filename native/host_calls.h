// System calls on files of the host, each in a form that can run on any thread. None follows a symlink at the
// end of a path. Results are 0 or -errno unless said otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fx {

struct Timespec {
  int64_t seconds = 0;
  // 0 to 999,999,999, checked by the caller.
  int64_t nanoseconds = 0;
};

struct Xattr {
  std::string name;
  std::string value;
  // False when the name is listed and the value may not be read.
  bool readable = true;
};

// utimensat(2) with AT_SYMLINK_NOFOLLOW.
int setTimes(const std::string& path, const Timespec& access, const Timespec& modification);

// chmod(2) of what is no symlink (-ELOOP), through a descriptor that only names it.
int setMode(const std::string& path, uint32_t mode);

// mknod(2).
int makeNode(const std::string& path, uint32_t mode, uint64_t device);

// llistxattr(2) and lgetxattr(2); attributes that vanish meanwhile are left out.
int getXattrs(const std::string& path, std::vector<Xattr>& out);

// lsetxattr(2), creating or replacing.
int setXattr(const std::string& path, const std::string& name, const std::string& value);

// lseek(2) with SEEK_DATA, or SEEK_HOLE when `hole`. The offset found, or -errno (-ENXIO: none). Moves the
// descriptor's own offset.
int64_t seekData(int fd, int64_t position, bool hole);

// madvise(2) with MADV_DONTNEED on every place where this process maps the file: its pages stay in the page
// cache and leave this process's memory until they are touched again. Only for maps that are shared and read.
int dropMapped(const std::string& path);

}  // namespace fx
