/*
 * System calls that take paths: making, removing and renaming objects, and their attributes.
 */
#include "caller.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static void call_mkdir(void) { checked(mkdir(text(0), number(1))); }
static void call_rmdir(void) { checked(rmdir(text(0))); }
static void call_unlink(void) { checked(unlink(text(0))); }
static void call_unlinkat(void) { checked(unlinkat(AT_FDCWD, text(0), number(1))); }
static void call_mkfifo(void) { checked(mkfifo(text(0), number(1))); }
static void call_mknod(void) { checked(mknod(text(0), number(1), makedev(number(2), number(3)))); }
static void call_symlink(void) { checked(symlink(text(0), text(1))); }
static void call_link(void) { checked(link(text(0), text(1))); }
static void call_linkat(void) { checked(linkat(AT_FDCWD, text(0), AT_FDCWD, text(1), number(2))); }
static void call_flink(void) { checked(linkat(number(0), "", AT_FDCWD, text(1), AT_EMPTY_PATH)); }
static void call_rename(void) { checked(rename(text(0), text(1))); }
static void call_renameat2(void) { checked(syscall(SYS_renameat2, AT_FDCWD, text(0), AT_FDCWD, text(1), number(2))); }

static void call_readlink(void) {
  ssize_t length = readlink(text(0), buffer, arguments() > 1 ? number(1) : BUFFER_BYTES);
  if (length < 0) fail(errno);
  else put_text(buffer, length);
}

/* A socket that is bound to the path and closed again. */
static void call_bind(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", text(0));
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  checked(bind(fd, (struct sockaddr *)&address, sizeof address));
  close(fd);
}

/* Listens on the path, connects to it, and passes one byte: "=1". */
static void call_exchange_over_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", text(0));
  int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0), peer = -1;
  char byte = 0;
  int result = bind(server, (struct sockaddr *)&address, sizeof address);
  if (result == 0) result = listen(server, 1);
  if (result == 0) result = connect(client, (struct sockaddr *)&address, sizeof address);
  if (result == 0) result = peer = accept(server, NULL, NULL);
  if (result >= 0) result = (int)write(client, "x", 1);
  if (result >= 0) result = (int)read(peer, &byte, 1);
  done(result);
  close(server);
  close(client);
  if (peer >= 0) close(peer);
}

static void call_chmod(void) { checked(chmod(text(0), number(1))); }
static void call_chown(void) { checked(chown(text(0), number(1), number(2))); }
static void call_lchown(void) { checked(lchown(text(0), number(1), number(2))); }
static void call_truncate(void) { checked(truncate(text(0), number(1))); }
static void call_access(void) { checked(access(text(0), number(1))); }
static void call_faccessat(void) { checked(faccessat(AT_FDCWD, text(0), number(1), number(2))); }

static struct timespec time_of(int i) {
  return (struct timespec){number(i), number(i + 1)};
}

/* path, atime (s, ns), mtime (s, ns), flags */
static void call_utimensat(void) {
  struct timespec times[2] = {time_of(1), time_of(3)};
  checked(utimensat(AT_FDCWD, text(0), times, number(5)));
}

/* utimensat(2) with no times at all. */
static void call_utimes_now(void) { checked(utimensat(AT_FDCWD, text(0), NULL, 0)); }

static void call_futimens(void) {
  struct timespec times[2] = {time_of(1), time_of(3)};
  checked(futimens(number(0), times));
}

static long long nanoseconds(struct timespec t) { return t.tv_sec * 1000000000LL + t.tv_nsec; }

static void put_stat(int result, const struct stat *st) {
  if (result != 0) {
    fail(errno);
    return;
  }
  const long long values[] = {
      st->st_mode,         st->st_ino,           st->st_dev,    st->st_nlink,        st->st_uid,
      st->st_gid,          major(st->st_rdev),   minor(st->st_rdev), st->st_size,    st->st_blksize,
      st->st_blocks,       nanoseconds(st->st_atim), nanoseconds(st->st_mtim), nanoseconds(st->st_ctim)};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) put_number(values[i]);
}

static void call_stat(void) {
  struct stat st;
  put_stat(stat(text(0), &st), &st);
}

static void call_lstat(void) {
  struct stat st;
  put_stat(lstat(text(0), &st), &st);
}

static void call_fstat(void) {
  struct stat st;
  put_stat(fstat(number(0), &st), &st);
}

/* path, flags, mask: the mask answered, birth time, attributes and their mask, mode, size, mtime */
static void call_statx(void) {
  struct statx st;
  if (statx(AT_FDCWD, text(0), number(1), number(2), &st) != 0) {
    fail(errno);
    return;
  }
  put_number(st.stx_mask);
  put_number(st.stx_btime.tv_sec * 1000000000LL + st.stx_btime.tv_nsec);
  put_number(st.stx_attributes);
  put_number(st.stx_attributes_mask);
  put_number(st.stx_mode);
  put_number(st.stx_size);
  put_number(st.stx_mtime.tv_sec * 1000000000LL + st.stx_mtime.tv_nsec);
}

static void put_statvfs(int result, const struct statvfs *st) {
  if (result != 0) {
    fail(errno);
    return;
  }
  const long long values[] = {st->f_bsize,  st->f_frsize, st->f_blocks, st->f_bfree,  st->f_bavail,
                              st->f_files,  st->f_ffree,  st->f_flag,   st->f_namemax};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) put_number(values[i]);
}

static void call_statvfs(void) {
  struct statvfs st;
  put_statvfs(statvfs(text(0), &st), &st);
}

static void call_fstatvfs(void) {
  struct statvfs st;
  put_statvfs(fstatvfs(number(0), &st), &st);
}

static void call_pathconf(void) {
  errno = 0;
  long value = pathconf(text(0), number(1));
  if (value < 0 && errno != 0) fail(errno);
  else put_number(value);
}

static void call_setxattr(void) { checked(setxattr(text(0), text(1), text(2), text_bytes(2), number(3))); }
static void call_lsetxattr(void) { checked(lsetxattr(text(0), text(1), text(2), text_bytes(2), number(3))); }
static void call_fsetxattr(void) { checked(fsetxattr(number(0), text(1), text(2), text_bytes(2), number(3))); }
static void call_removexattr(void) { checked(removexattr(text(0), text(1))); }
static void call_lremovexattr(void) { checked(lremovexattr(text(0), text(1))); }
static void call_fremovexattr(void) { checked(fremovexattr(number(0), text(1))); }

static void put_bytes(ssize_t length) {
  if (length < 0) fail(errno);
  else put_text(buffer, length);
}

enum { XATTR_BYTES = 64 << 10 };

static void call_getxattr(void) { put_bytes(getxattr(text(0), text(1), buffer, XATTR_BYTES)); }
static void call_lgetxattr(void) { put_bytes(lgetxattr(text(0), text(1), buffer, XATTR_BYTES)); }
static void call_fgetxattr(void) { put_bytes(fgetxattr(number(0), text(1), buffer, XATTR_BYTES)); }
/* The value's size, as asked for with a buffer of that many bytes. */
static void call_getxattr_size(void) { done(getxattr(text(0), text(1), buffer, number(2))); }
static void call_listxattr_size(void) { done(listxattr(text(0), buffer, number(1))); }

static void put_names(ssize_t length) {
  if (length < 0) fail(errno);
  for (ssize_t at = 0; at < length; at += strlen(buffer + at) + 1) put_text(buffer + at, strlen(buffer + at));
}

static void call_listxattr(void) { put_names(listxattr(text(0), buffer, XATTR_BYTES)); }
static void call_llistxattr(void) { put_names(llistxattr(text(0), buffer, XATTR_BYTES)); }
static void call_flistxattr(void) { put_names(flistxattr(number(0), buffer, XATTR_BYTES)); }

const struct call path_calls[] = {
    {"mkdir", call_mkdir},
    {"rmdir", call_rmdir},
    {"unlink", call_unlink},
    {"unlinkat", call_unlinkat},
    {"mkfifo", call_mkfifo},
    {"mknod", call_mknod},
    {"symlink", call_symlink},
    {"link", call_link},
    {"linkat", call_linkat},
    {"flink", call_flink},
    {"rename", call_rename},
    {"renameat2", call_renameat2},
    {"readlink", call_readlink},
    {"bind", call_bind},
    {"exchangeOverSocket", call_exchange_over_socket},
    {"chmod", call_chmod},
    {"chown", call_chown},
    {"lchown", call_lchown},
    {"truncate", call_truncate},
    {"access", call_access},
    {"faccessat", call_faccessat},
    {"utimensat", call_utimensat},
    {"utimesNow", call_utimes_now},
    {"futimens", call_futimens},
    {"stat", call_stat},
    {"lstat", call_lstat},
    {"fstat", call_fstat},
    {"statx", call_statx},
    {"statvfs", call_statvfs},
    {"fstatvfs", call_fstatvfs},
    {"pathconf", call_pathconf},
    {"setxattr", call_setxattr},
    {"lsetxattr", call_lsetxattr},
    {"fsetxattr", call_fsetxattr},
    {"removexattr", call_removexattr},
    {"lremovexattr", call_lremovexattr},
    {"fremovexattr", call_fremovexattr},
    {"getxattr", call_getxattr},
    {"lgetxattr", call_lgetxattr},
    {"fgetxattr", call_fgetxattr},
    {"getxattrSize", call_getxattr_size},
    {"listxattrSize", call_listxattr_size},
    {"listxattr", call_listxattr},
    {"llistxattr", call_llistxattr},
    {"flistxattr", call_flistxattr},
    {NULL, NULL},
};
