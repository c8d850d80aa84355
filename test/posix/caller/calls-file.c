/*
 * System calls on open files: reading, writing, size, mapping, locks, control.
 */
#include "caller.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void call_open(void) { done(open(text(0), number(1), number(2))); }
static void call_openat(void) { done(openat(number(0), text(1), number(2), number(3))); }
static void call_close(void) { checked(close(number(0))); }
static void call_dup(void) { done(dup(number(0))); }
static void call_fchmod(void) { checked(fchmod(number(0), number(1))); }
static void call_fchown(void) { checked(fchown(number(0), number(1), number(2))); }
static void call_ftruncate(void) { checked(ftruncate(number(0), number(1))); }
static void call_lseek(void) { done(lseek(number(0), number(1), number(2))); }
static void call_fsync(void) { checked(fsync(number(0))); }
static void call_fdatasync(void) { checked(fdatasync(number(0))); }
static void call_syncfs(void) { checked(syncfs(number(0))); }
static void call_sync_file_range(void) {
  checked(sync_file_range(number(0), number(1), number(2), SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
}
static void call_fallocate(void) { checked(fallocate(number(0), number(1), number(2), number(3))); }
static void call_posix_fadvise(void) { checked(posix_fadvise(number(0), number(1), number(2), number(3)) == 0 ? 0 : -1); }

static void put_read(ssize_t length) {
  if (length < 0) fail(errno);
  else put_text(buffer, length);
}

static void call_read(void) { put_read(read(number(0), buffer, number(1))); }
static void call_pread(void) { put_read(pread(number(0), buffer, number(1), number(2))); }
static void call_write(void) { done(write(number(0), text(1), text_bytes(1))); }
static void call_pwrite(void) { done(pwrite(number(0), text(1), text_bytes(1), number(2))); }

/* Two vectors. */
static void call_writev(void) {
  struct iovec parts[] = {{(void *)text(1), text_bytes(1)}, {(void *)text(2), text_bytes(2)}};
  done(writev(number(0), parts, 2));
}

/* fd, data, offset, flags */
static void call_pwritev2(void) {
  struct iovec part = {(void *)text(1), text_bytes(1)};
  done(pwritev2(number(0), &part, 1, number(2), number(3)));
}

static void call_readv(void) {
  struct iovec parts[] = {{buffer, number(1)}, {buffer + number(1), number(2)}};
  put_read(readv(number(0), parts, 2));
}

/* A byte that tells its position and the seed apart from its neighbours and from other seeds. */
static char pattern(long long position, long long seed) { return (char)(position * 7 + (position >> 9) + seed * 31 + 1); }

/* fd, offset, bytes, seed: writes the pattern, from aligned memory as O_DIRECT wants it. */
static void call_fill(void) {
  size_t bytes = number(2);
  char *data = aligned_alloc(4096, (bytes + 4095) & ~4095UL);
  for (size_t i = 0; i < bytes; i++) data[i] = pattern(number(1) + i, number(3));
  done(pwrite(number(0), data, bytes, number(1)));
  free(data);
}

/* fd, offset, bytes, seed: -1 when the pattern is there, else the first position that differs; a short read is one. */
static void call_verify(void) {
  size_t bytes = number(2), got = 0;
  char *data = aligned_alloc(4096, (bytes + 4095) & ~4095UL);
  for (ssize_t n; got < bytes; got += n) {
    n = pread(number(0), data + got, bytes - got, number(1) + got);
    if (n < 0) {
      fail(errno);
      free(data);
      return;
    }
    if (n == 0) break;
  }
  size_t i = 0;
  while (i < got && data[i] == pattern(number(1) + i, number(3))) i++;
  put_number(i == bytes ? -1 : number(1) + (long long)i);
  free(data);
}

/* fd, offset, bytes: the position of the first byte that is not 0 or not there, else -1. */
static void call_verify_zeros(void) {
  size_t bytes = number(2);
  ssize_t got = pread(number(0), buffer, bytes, number(1));
  if (got < 0) {
    fail(errno);
    return;
  }
  ssize_t i = 0;
  while (i < got && buffer[i] == 0) i++;
  put_number(i == (ssize_t)bytes ? -1 : number(1) + i);
}

/* from, its offset, to, its offset, bytes; an offset of -1 means the file's own position */
static void call_copy_file_range(void) {
  loff_t from = number(1), to = number(3);
  done(syscall(SYS_copy_file_range, (int)number(0), from < 0 ? NULL : &from, (int)number(2), to < 0 ? NULL : &to, (size_t)number(4), (unsigned)number(5)));
}

static void call_sendfile(void) {
  off_t offset = number(2);
  done(sendfile(number(0), number(1), &offset, number(3)));
}

/* from, to, bytes: through a pipe */
static void call_splice(void) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  loff_t from = 0, to = 0;
  ssize_t n = splice(number(0), &from, ends[1], NULL, number(2), 0);
  if (n > 0) n = splice(ends[0], NULL, number(1), &to, n, 0);
  done(n);
  close(ends[0]);
  close(ends[1]);
}

static void call_getfl(void) { done(fcntl(number(0), F_GETFL)); }
static void call_setfl(void) { checked(fcntl(number(0), F_SETFL, (int)number(1))); }
/* Whether all of the status flags are set. */
static void call_hasfl(void) {
  int flags = fcntl(number(0), F_GETFL);
  if (flags < 0) fail(errno);
  else put_number((flags & number(1)) == number(1));
}

static void call_flock(void) { checked(flock(number(0), number(1))); }

static struct flock range(void) {
  return (struct flock){.l_type = number(2), .l_whence = SEEK_SET, .l_start = number(3), .l_len = number(4)};
}

/* fd, command, type, start, length */
static void call_lock(void) {
  struct flock lock = range();
  checked(fcntl(number(0), number(1), &lock));
}

/* fd, command, type, start, length: the type of a lock in the way, its start, length, and whether its pid is known */
static void call_getlk(void) {
  struct flock lock = range();
  if (fcntl(number(0), number(1), &lock) != 0) {
    fail(errno);
    return;
  }
  put_number(lock.l_type);
  put_number(lock.l_type == F_UNLCK ? 0 : lock.l_start);
  put_number(lock.l_type == F_UNLCK ? 0 : lock.l_len);
  put_number(lock.l_type == F_UNLCK ? 0 : lock.l_pid);
}

static void call_poll(void) {
  struct pollfd p = {.fd = number(0), .events = number(1)};
  int n = poll(&p, 1, 0);
  if (n < 0) fail(errno);
  else put_number(p.revents);
}

/* FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IOC_FSGETXATTR and requests that nobody knows. */
static void call_getflags(void) {
  int flags = 0;
  if (ioctl(number(0), FS_IOC_GETFLAGS, &flags) != 0) fail(errno);
  else put_number(flags);
}

static void call_setflags(void) {
  int flags = number(1);
  checked(ioctl(number(0), FS_IOC_SETFLAGS, &flags));
}

static void call_getfsxattr(void) {
  struct fsxattr x;
  if (ioctl(number(0), FS_IOC_FSGETXATTR, &x) != 0) fail(errno);
  else put_number(x.fsx_xflags);
}

static void call_ioctl(void) {
  static char argument[4096];
  checked(ioctl(number(0), number(1), argument));
}

static void call_fionread(void) {
  int bytes = -1;
  if (ioctl(number(0), FIONREAD, &bytes) != 0) fail(errno);
  else put_number(bytes);
}

enum { MAPS_MAX = 16 };
static struct { char *start; size_t bytes; } maps[MAPS_MAX];
static sigjmp_buf fault;

static void on_fault(int signal) { siglongjmp(fault, signal); }

/* fd, offset, bytes, protection, flags: a number for the map */
static void call_mmap(void) {
  int i = 0;
  while (i < MAPS_MAX - 1 && maps[i].start) i++;
  void *start = mmap(NULL, number(2), number(3), number(4), number(0), number(1));
  if (start == MAP_FAILED) {
    fail(errno);
    return;
  }
  maps[i].start = start;
  maps[i].bytes = number(2);
  put_number(i);
}

/* Copies, and answers SIGBUS or SIGSEGV when that comes. Returns whether it did not. */
static int copy(char *to, const char *from, size_t bytes) {
  struct sigaction action = {.sa_handler = on_fault}, bus, segment;
  sigaction(SIGBUS, &action, &bus);
  sigaction(SIGSEGV, &action, &segment);
  int signal = sigsetjmp(fault, 1);
  if (signal == 0) memcpy(to, from, bytes);
  else fail_as(signal == SIGBUS ? "SIGBUS" : "SIGSEGV");
  sigaction(SIGBUS, &bus, NULL);
  sigaction(SIGSEGV, &segment, NULL);
  return signal == 0;
}

static void call_mread(void) {
  if (copy(buffer, maps[number(0)].start + number(1), number(2))) put_text(buffer, number(2));
}
static void call_mwrite(void) { copy(maps[number(0)].start + number(1), text(2), text_bytes(2)); }
static void call_msync(void) { checked(msync(maps[number(0)].start, maps[number(0)].bytes, MS_SYNC)); }
static void call_munmap(void) {
  checked(munmap(maps[number(0)].start, maps[number(0)].bytes));
  maps[number(0)].start = NULL;
}

const struct call file_calls[] = {
    {"open", call_open},
    {"openat", call_openat},
    {"close", call_close},
    {"dup", call_dup},
    {"fchmod", call_fchmod},
    {"fchown", call_fchown},
    {"ftruncate", call_ftruncate},
    {"lseek", call_lseek},
    {"fsync", call_fsync},
    {"fdatasync", call_fdatasync},
    {"syncfs", call_syncfs},
    {"syncFileRange", call_sync_file_range},
    {"fallocate", call_fallocate},
    {"fadvise", call_posix_fadvise},
    {"read", call_read},
    {"pread", call_pread},
    {"readv", call_readv},
    {"write", call_write},
    {"pwrite", call_pwrite},
    {"writev", call_writev},
    {"pwritev2", call_pwritev2},
    {"fill", call_fill},
    {"verify", call_verify},
    {"verifyZeros", call_verify_zeros},
    {"copyFileRange", call_copy_file_range},
    {"sendfile", call_sendfile},
    {"splice", call_splice},
    {"getfl", call_getfl},
    {"setfl", call_setfl},
    {"hasfl", call_hasfl},
    {"flock", call_flock},
    {"lock", call_lock},
    {"getlk", call_getlk},
    {"poll", call_poll},
    {"getflags", call_getflags},
    {"setflags", call_setflags},
    {"getfsxattr", call_getfsxattr},
    {"ioctl", call_ioctl},
    {"fionread", call_fionread},
    {"mmap", call_mmap},
    {"mread", call_mread},
    {"mwrite", call_mwrite},
    {"msync", call_msync},
    {"munmap", call_munmap},
    {NULL, NULL},
};
