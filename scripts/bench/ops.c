/*
 * The caller of the micro benchmarks: one thread that does one operation on COUNT files, over and over.
 * It is C so that the caller costs next to nothing.
 *
 *     ops DIRECTORY COUNT BYTES OPERATION...
 *
 * prints for each operation one line, "<operation> <value>": operations per second, or bytes per second
 * for stream-write and stream-read, which move BYTES. Exit code 1 and a message when a call fails.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, STREAM_BLOCK = 1 << 20 };

static char stream_buffer[STREAM_BLOCK];
static char block[BLOCK];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void die(const char *what, const char *path) {
  fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
  exit(1);
}

static void close_or_die(int fd, const char *path) {
  if (close(fd) != 0) die("close", path);
}

static void do_create(const char *path) {
  int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
  if (fd < 0) die("create", path);
  close_or_die(fd, path);
}

static void do_write(const char *path) {
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (fd < 0) die("open", path);
  if (write(fd, block, BLOCK) != BLOCK) die("write", path);
  close_or_die(fd, path);
}

static void do_stat(const char *path) {
  struct stat st;
  if (lstat(path, &st) != 0) die("stat", path);
}

static void do_read(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) die("open", path);
  if (read(fd, block, BLOCK) != BLOCK) die("read", path);
  close_or_die(fd, path);
}

static void do_rename(const char *path) {
  char to[4200];
  snprintf(to, sizeof to, "%s.new", path);
  if (rename(path, to) != 0) die("rename", path);
}

static void do_unlink(const char *path) {
  char name[4200];
  snprintf(name, sizeof name, "%s.new", path);
  if (unlink(name) != 0) die("unlink", name);
}

static double stream(const char *path, long bytes, int writing) {
  int fd = open(path, writing ? O_CREAT | O_TRUNC | O_WRONLY : O_RDONLY, 0644);
  if (fd < 0) die("open", path);
  double start = now();
  for (long done = 0; done < bytes;) {
    long want = bytes - done < STREAM_BLOCK ? bytes - done : STREAM_BLOCK;
    long got = writing ? write(fd, stream_buffer, want) : read(fd, stream_buffer, want);
    if (got <= 0) die(writing ? "write" : "read", path);
    done += got;
  }
  close_or_die(fd, path);
  return bytes / (now() - start);
}

/* The operation's part before the first '-' says what is done: "stat-cached" is a stat. */
static const struct {
  const char *name;
  void (*run)(const char *path);
} OPERATIONS[] = {
    {"create", do_create}, {"write", do_write},   {"stat", do_stat},
    {"read", do_read},     {"rename", do_rename}, {"unlink", do_unlink},
};

static double micro(const char *name, const char *directory, int count) {
  size_t length = strcspn(name, "-");
  for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++) {
    if (strlen(OPERATIONS[i].name) != length || strncmp(OPERATIONS[i].name, name, length) != 0) continue;
    char path[4100];
    double start = now();
    for (int k = 0; k < count; k++) {
      snprintf(path, sizeof path, "%s/file%d", directory, k);
      OPERATIONS[i].run(path);
    }
    return count / (now() - start);
  }
  fprintf(stderr, "unknown operation %s\n", name);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: ops DIRECTORY COUNT BYTES OPERATION...\n");
    return 2;
  }
  const char *directory = argv[1];
  int count = atoi(argv[2]);
  long bytes = atol(argv[3]);
  for (int i = 0; i < STREAM_BLOCK; i++) stream_buffer[i] = (char)(i * 31 + (i >> 8));
  memcpy(block, stream_buffer, BLOCK);
  for (int i = 4; i < argc; i++) {
    char path[4100];
    double value;
    snprintf(path, sizeof path, "%s/stream", directory);
    if (strncmp(argv[i], "stream-write", 12) == 0) value = stream(path, bytes, 1);
    else if (strncmp(argv[i], "stream-", 7) == 0) value = stream(path, bytes, 0);
    else value = micro(argv[i], directory, count);
    printf("%s %.3f\n", argv[i], value);
    fflush(stdout);
  }
  return 0;
}
