/*
 * Reading directories: whole, and as streams with positions.
 */
#include "caller.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STREAMS_MAX = 8 };
static DIR *streams[STREAMS_MAX];

static void put_entry(const struct dirent *entry) {
  put_text(entry->d_name, strlen(entry->d_name));
  put_number(entry->d_type);
  put_number(entry->d_ino);
}

/* path: name, type and inode number of each entry, with "." and ".." */
static void call_list(void) {
  DIR *stream = opendir(text(0));
  if (!stream) {
    fail(errno);
    return;
  }
  for (struct dirent *entry; (entry = readdir(stream));) put_entry(entry);
  closedir(stream);
}

/* path: how many entries there are, and how many of them came twice, of names "f" and a number below 100000 */
static void call_count(void) {
  static char seen[100000];
  memset(seen, 0, sizeof seen);
  DIR *stream = opendir(text(0));
  if (!stream) {
    fail(errno);
    return;
  }
  long long count = 0, twice = 0;
  for (struct dirent *entry; (entry = readdir(stream));) {
    if (entry->d_name[0] != 'f') continue;
    int i = 0;
    for (const char *at = entry->d_name + 1; *at; at++) i = i * 10 + (*at - '0');
    count++;
    twice += seen[i]++ > 0;
  }
  closedir(stream);
  put_number(count);
  put_number(twice);
}

static void call_opendir(void) {
  int i = 0;
  while (i < STREAMS_MAX - 1 && streams[i]) i++;
  streams[i] = opendir(text(0));
  if (!streams[i]) fail(errno);
  else put_number(i);
}

/* stream, how many: their names; fewer at the end */
static void call_readdir(void) {
  for (long long n = number(1); n > 0; n--) {
    errno = 0;
    struct dirent *entry = readdir(streams[number(0)]);
    if (!entry) {
      if (errno) fail(errno);
      return;
    }
    put_text(entry->d_name, strlen(entry->d_name));
  }
}

static void call_telldir(void) { done(telldir(streams[number(0)])); }
static void call_seekdir(void) { seekdir(streams[number(0)], number(1)); }
static void call_rewinddir(void) { rewinddir(streams[number(0)]); }
static void call_dirfd(void) { done(dirfd(streams[number(0)])); }
static void call_closedir(void) {
  checked(closedir(streams[number(0)]));
  streams[number(0)] = NULL;
}

/* fd, bytes of the buffer: how many bytes came */
static void call_getdents(void) { done(syscall(SYS_getdents64, (int)number(0), buffer, number(1))); }

/* directory, how many, mode: makes files f0, f1, ... */
static void call_populate(void) {
  int directory = open(text(0), O_RDONLY | O_DIRECTORY);
  if (directory < 0) {
    fail(errno);
    return;
  }
  for (int i = 0; i < number(1); i++) {
    char name[16] = "f";
    char digits[12];
    int n = 0;
    for (int rest = i; rest > 0 || n == 0; rest /= 10) digits[n++] = (char)('0' + rest % 10);
    for (int k = 0; k < n; k++) name[1 + k] = digits[n - 1 - k];
    int fd = openat(directory, name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    if (fd < 0) {
      fail(errno);
      break;
    }
    close(fd);
  }
  close(directory);
}

const struct call directory_calls[] = {
    {"list", call_list},
    {"count", call_count},
    {"opendir", call_opendir},
    {"readdir", call_readdir},
    {"telldir", call_telldir},
    {"seekdir", call_seekdir},
    {"rewinddir", call_rewinddir},
    {"dirfd", call_dirfd},
    {"closedir", call_closedir},
    {"getdents", call_getdents},
    {"populate", call_populate},
    {NULL, NULL},
};
