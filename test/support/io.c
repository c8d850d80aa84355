/*
 * Random operations on files by several processes at once, each compared with a byte array.
 *
 *     io DIRECTORY STATE SEED OPERATIONS PROCESSES GROUPS [GROUP]
 *
 * A group is two files and what they must hold. Its operations are a fixed sequence that follows from the seed
 * and the group's number: which process does the next, on which file, with what numbers. So groups run side by
 * side, and a failure repeats whatever the scheduler did; GROUP runs one group alone. STATE is a file outside of
 * what is tested: it keeps the byte arrays and goes on where the last run ended, after all files were read and found
 * to be right. OPERATIONS are those of this run, over all groups. A file is compared in a window that starts at a
 * base, mostly a border of interest to the filesystem; below its base it is a hole.
 *
 * The last line of standard output counts the operations. A difference, or an error that should not be, ends all
 * processes with exit code 1 and says what it was, and the group's last operations.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW (256 << 10)
#define BLOCK 4096
#define GROUPS_MAX 16
#define HISTORY 24
#define LINE 120
#define WHOLE_CHECK_EVERY 100

enum kind { READ, WRITE, APPEND, SYNC_WRITE, CUT, ALLOCATE, COPY, MAP_READ, MAP_WRITE, DIRECT_READ, DIRECT_WRITE, SIZE, SEEK, SYNC, REOPEN, KINDS };
static const char *const NAMES[KINDS] = {"read", "write", "append", "synchronous write", "truncate", "fallocate", "copy range",
  "mmap read", "mmap write", "direct read", "direct write", "size", "seek", "fsync", "reopen"};
static const unsigned WEIGHTS[KINDS] = {16, 16, 8, 2, 6, 14, 10, 8, 10, 3, 3, 2, 5, 2, 3};

struct file { uint64_t base, length; uint8_t bytes[WINDOW]; };
struct group {
  pthread_mutex_t lock;
  uint64_t random, operation, goal;
  unsigned process;
  struct file files[2];
  char history[HISTORY][LINE];
};
struct state {
  uint64_t made, seed;
  unsigned processes, groups;
  volatile int failed;
  uint64_t counts[KINDS], refused;
  struct group group[GROUPS_MAX];
};

/* What this process has open of a file. */
struct open_file { int fd, append, direct; uint8_t *map; };

static struct state *state;
static const char *directory;
static unsigned me;
static struct open_file opened[GROUPS_MAX][2];
static uint8_t *scratch;

static uint64_t next(struct group *g) {
  uint64_t z = (g->random += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint64_t below(struct group *g, uint64_t limit) { return limit == 0 ? 0 : next(g) % limit; }

static void note(struct group *g, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *line = g->history[g->operation % HISTORY];
  int n = snprintf(line, LINE, "%llu by %u: ", (unsigned long long)g->operation, me);
  vsnprintf(line + n, LINE - n, format, arguments);
  va_end(arguments);
}

static void fail(struct group *g, const char *format, ...) {
  if (__sync_lock_test_and_set(&state->failed, 1)) _exit(1);
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "seed %llu, group %d, operation %llu, process %u: ", (unsigned long long)state->seed,
          (int)(g - state->group), (unsigned long long)g->operation, me);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, "\nthe last operations, oldest first (offsets count from the base):\n");
  for (uint64_t i = g->operation >= HISTORY ? g->operation - HISTORY + 1 : 0; i <= g->operation; i++)
    fprintf(stderr, "  %s\n", g->history[i % HISTORY]);
  _exit(1);
}

static void must(struct group *g, int ok, const char *what) {
  if (!ok) fail(g, "%s: %s", what, strerror(errno));
}

static void compare(struct group *g, const uint8_t *found, const uint8_t *expected, uint64_t offset, uint64_t bytes, const char *how) {
  if (memcmp(found, expected, bytes) == 0) return;
  uint64_t first = 0, last = bytes - 1, count = 0;
  while (found[first] == expected[first]) first++;
  while (found[last] == expected[last]) last--;
  for (uint64_t i = first; i <= last; i++) count += found[i] != expected[i];
  fail(g, "%s: %llu bytes differ, the first at %llu (%02x, must be %02x), the last at %llu", how, (unsigned long long)count,
       (unsigned long long)(offset + first), found[first], expected[first], (unsigned long long)(offset + last));
}

static void open_one(struct group *g, int i, int flags) {
  struct open_file *o = &opened[g - state->group][i];
  char path[4096];
  snprintf(path, sizeof path, "%s/file-%d-%d", directory, (int)(g - state->group), i);
  must(g, (o->fd = open(path, O_RDWR | O_CREAT | flags, 0644)) >= 0, "open");
  must(g, (o->append = open(path, O_WRONLY | O_APPEND)) >= 0, "open with O_APPEND");
  o->direct = open(path, O_RDWR | O_DIRECT);
  must(g, o->direct >= 0 || errno == EINVAL, "open with O_DIRECT");
  o->map = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, o->fd, g->files[i].base);
  must(g, o->map != MAP_FAILED, "mmap");
}

static void close_one(struct group *g, int i) {
  struct open_file *o = &opened[g - state->group][i];
  must(g, munmap(o->map, WINDOW) == 0, "munmap");
  if (o->direct >= 0) must(g, close(o->direct) == 0, "close");
  must(g, close(o->append) == 0 && close(o->fd) == 0, "close");
}

static void whole(struct group *g, int i, const char *when) {
  struct file *f = &g->files[i];
  struct open_file *o = &opened[g - state->group][i];
  struct stat found;
  must(g, fstat(o->fd, &found) == 0, "fstat");
  if ((uint64_t)found.st_size != f->base + f->length)
    fail(g, "%s: file %d has %llu bytes from its base on, must have %llu", when, i, (unsigned long long)(found.st_size - f->base),
         (unsigned long long)f->length);
  ssize_t n = pread(o->fd, scratch, WINDOW, f->base);
  must(g, n >= 0, "pread");
  if ((uint64_t)n != f->length) fail(g, "%s: file %d: %zd bytes read of %llu", when, i, n, (unsigned long long)f->length);
  compare(g, scratch, f->bytes, 0, f->length, when);
}

/* A range of the window; mostly short, and often at a border of a block. */
static void range(struct group *g, uint64_t end, uint64_t *offset, uint64_t *bytes) {
  static const uint64_t LONGEST[] = {1, 64, BLOCK, 3 * BLOCK, 64 << 10};
  uint64_t longest = LONGEST[below(g, 5)];
  *offset = below(g, end);
  if (below(g, 3) == 0) *offset -= *offset % BLOCK;
  *bytes = 1 + below(g, longest);
  if (below(g, 4) == 0 && longest >= BLOCK) *bytes = (*bytes + BLOCK - 1) / BLOCK * BLOCK;
  if (*bytes > end - *offset) *bytes = end - *offset;
}

static void fill(struct group *g, uint8_t *target, uint64_t bytes) {
  uint64_t word = next(g);
  int same = below(g, 4) == 0;
  for (uint64_t i = 0; i < bytes; i++) {
    if (!same && i % 8 == 0 && i > 0) word = next(g);
    target[i] = (uint8_t)(word >> (same ? 0 : i % 8 * 8)) | 1;
  }
}

static void put(struct file *f, uint64_t offset, const uint8_t *bytes, uint64_t count) {
  memcpy(f->bytes + offset, bytes, count);
  if (offset + count > f->length) f->length = offset + count;
}

static void set_length(struct file *f, uint64_t length) {
  if (length < f->length) memset(f->bytes + length, 0, f->length - length);
  f->length = length;
}

static void do_write(struct group *g, int i, enum kind kind) {
  struct file *f = &g->files[i];
  struct open_file *o = &opened[g - state->group][i];
  uint64_t offset, bytes;
  range(g, WINDOW, &offset, &bytes);
  if (kind == DIRECT_WRITE) {
    offset -= offset % BLOCK;
    bytes = BLOCK * (1 + below(g, 8));
    if (offset + bytes > WINDOW) bytes = WINDOW - offset;
  }
  if (kind == APPEND) {
    offset = f->length;
    if (bytes > WINDOW - offset) bytes = WINDOW - offset;
    if (bytes == 0) return;
  }
  fill(g, scratch, bytes);
  note(g, "%s %llu bytes at %llu of file %d", NAMES[kind], (unsigned long long)bytes, (unsigned long long)offset, i);
  ssize_t n;
  if (kind == APPEND) n = write(o->append, scratch, bytes);
  else if (kind == SYNC_WRITE) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", o->fd);
    int fd = open(path, O_WRONLY | (below(g, 2) ? O_SYNC : O_DSYNC));
    must(g, fd >= 0, "open with O_SYNC");
    n = pwrite(fd, scratch, bytes, f->base + offset);
    must(g, close(fd) == 0, "close");
  } else n = pwrite(kind == DIRECT_WRITE && o->direct >= 0 ? o->direct : o->fd, scratch, bytes, f->base + offset);
  if (n != (ssize_t)bytes) fail(g, "%s: %zd of %llu bytes written (%s)", NAMES[kind], n, (unsigned long long)bytes, strerror(errno));
  put(f, offset, scratch, bytes);
}

static void do_read(struct group *g, int i, enum kind kind) {
  struct file *f = &g->files[i];
  struct open_file *o = &opened[g - state->group][i];
  uint64_t offset, bytes;
  range(g, WINDOW, &offset, &bytes);
  int direct = kind == DIRECT_READ && o->direct >= 0;
  if (direct) {
    offset -= offset % BLOCK;
    bytes = BLOCK * (1 + below(g, 8));
  }
  note(g, "%s %llu bytes at %llu of file %d", NAMES[kind], (unsigned long long)bytes, (unsigned long long)offset, i);
  uint64_t expected = offset >= f->length ? 0 : f->length - offset < bytes ? f->length - offset : bytes;
  ssize_t n = pread(direct ? o->direct : o->fd, scratch, bytes, f->base + offset);
  must(g, n >= 0, NAMES[kind]);
  if ((uint64_t)n != expected) fail(g, "%s: %zd bytes, must be %llu", NAMES[kind], n, (unsigned long long)expected);
  compare(g, scratch, f->bytes + offset, offset, expected, NAMES[kind]);
}

static void do_map(struct group *g, int i, enum kind kind) {
  struct file *f = &g->files[i];
  struct open_file *o = &opened[g - state->group][i];
  uint64_t offset, bytes;
  if (f->length == 0) return;
  range(g, f->length, &offset, &bytes);
  note(g, "%s %llu bytes at %llu of file %d", NAMES[kind], (unsigned long long)bytes, (unsigned long long)offset, i);
  if (kind == MAP_READ) {
    compare(g, o->map + offset, f->bytes + offset, offset, bytes, "mmap read");
    return;
  }
  fill(g, scratch, bytes);
  memcpy(o->map + offset, scratch, bytes);
  put(f, offset, scratch, bytes);
  if (below(g, 4) == 0) must(g, msync(o->map, WINDOW, below(g, 2) ? MS_SYNC : MS_ASYNC) == 0, "msync");
}

static void do_cut(struct group *g, int i) {
  struct file *f = &g->files[i];
  uint64_t length = below(g, WINDOW + 1);
  if (below(g, 3) == 0) length -= length % BLOCK;
  note(g, "truncate file %d to %llu", i, (unsigned long long)length);
  must(g, ftruncate(opened[g - state->group][i].fd, f->base + length) == 0, "ftruncate");
  set_length(f, length);
}

static void do_allocate(struct group *g, int i) {
  static const int MODES[] = {0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
    FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE};
  struct file *f = &g->files[i];
  int mode = MODES[below(g, sizeof MODES / sizeof *MODES)];
  uint64_t offset, bytes;
  range(g, WINDOW, &offset, &bytes);
  int moves = mode == FALLOC_FL_COLLAPSE_RANGE || mode == FALLOC_FL_INSERT_RANGE;
  if (moves) {
    offset -= offset % BLOCK;
    bytes = BLOCK * (1 + below(g, 4));
    if (mode == FALLOC_FL_INSERT_RANGE && f->length + bytes > WINDOW) return;
  }
  note(g, "fallocate mode %d, %llu bytes at %llu of file %d", mode, (unsigned long long)bytes, (unsigned long long)offset, i);
  int result = fallocate(opened[g - state->group][i].fd, mode, f->base + offset, bytes);
  if (result != 0 && errno == EOPNOTSUPP && moves) {
    __sync_fetch_and_add(&state->refused, 1);
    return;
  }
  uint64_t end = offset + bytes;
  if (moves && (mode == FALLOC_FL_COLLAPSE_RANGE ? end : offset) >= f->length) {
    if (result == 0 || errno != EINVAL) fail(g, "fallocate mode %d at the end of the file is not refused with EINVAL", mode);
    return;
  }
  must(g, result == 0, "fallocate");
  if (mode == FALLOC_FL_COLLAPSE_RANGE) {
    memmove(f->bytes + offset, f->bytes + end, f->length - end);
    set_length(f, f->length - bytes);
  } else if (mode == FALLOC_FL_INSERT_RANGE) {
    memmove(f->bytes + end, f->bytes + offset, f->length - offset);
    memset(f->bytes + offset, 0, bytes);
    f->length += bytes;
  } else {
    if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) memset(f->bytes + offset, 0, bytes);
    if (!(mode & FALLOC_FL_KEEP_SIZE) && end > f->length) f->length = end;
  }
}

static void do_copy(struct group *g, int i) {
  int j = below(g, 2);
  struct file *from = &g->files[i], *to = &g->files[j];
  uint64_t offset, bytes, target, unused;
  range(g, WINDOW, &offset, &bytes);
  range(g, WINDOW, &target, &unused);
  if (target + bytes > WINDOW) bytes = WINDOW - target;
  note(g, "copy %llu bytes at %llu of file %d to %llu of file %d", (unsigned long long)bytes, (unsigned long long)offset, i,
       (unsigned long long)target, j);
  loff_t in = from->base + offset, out = to->base + target;
  ssize_t n = copy_file_range(opened[g - state->group][i].fd, &in, opened[g - state->group][j].fd, &out, bytes, 0);
  uint64_t there = offset >= from->length ? 0 : from->length - offset;
  uint64_t distance = offset > target ? offset - target : target - offset;
  if (i == j && there > 0 && distance < (bytes < there ? bytes : there)) {
    if (n >= 0 || errno != EINVAL) fail(g, "a copy onto a part of itself is not refused with EINVAL");
    return;
  }
  must(g, n >= 0, "copy_file_range");
  if ((uint64_t)n > bytes || (uint64_t)n > there || (n == 0 && there > 0))
    fail(g, "copy_file_range: %zd bytes of %llu, and %llu are there", n, (unsigned long long)bytes, (unsigned long long)there);
  memmove(scratch, from->bytes + offset, n);
  if (n > 0) put(to, target, scratch, n);
}

static void do_seek(struct group *g, int i) {
  struct file *f = &g->files[i];
  struct open_file *o = &opened[g - state->group][i];
  if (f->length == 0) return;
  uint64_t offset = below(g, f->length);
  note(g, "seek from %llu of file %d", (unsigned long long)offset, i);
  /* What a map wrote counts once it is written back. */
  must(g, fdatasync(o->fd) == 0, "fdatasync");
  off_t data = lseek(o->fd, f->base + offset, SEEK_DATA);
  must(g, data >= 0 || errno == ENXIO, "SEEK_DATA");
  uint64_t end = data < 0 ? f->length : data - f->base;
  if (end < offset || end > f->length) fail(g, "SEEK_DATA from %llu gives %lld", (unsigned long long)offset, (long long)end);
  for (uint64_t at = offset; at < end; at++)
    if (f->bytes[at] != 0) fail(g, "SEEK_DATA skips the byte %02x at %llu", f->bytes[at], (unsigned long long)at);
  off_t hole = lseek(o->fd, f->base + offset, SEEK_HOLE);
  must(g, hole >= 0, "SEEK_HOLE");
  if ((uint64_t)hole < f->base + offset || (uint64_t)hole > f->base + f->length)
    fail(g, "SEEK_HOLE from %llu gives %lld", (unsigned long long)offset, (long long)(hole - f->base));
}

static void do_reopen(struct group *g, int i) {
  struct file *f = &g->files[i];
  int cut = below(g, 4) == 0;
  note(g, "reopen file %d%s", i, cut ? " with O_TRUNC" : "");
  close_one(g, i);
  open_one(g, i, cut ? O_TRUNC : 0);
  if (!cut) return;
  set_length(f, 0);
  must(g, ftruncate(opened[g - state->group][i].fd, f->base) == 0, "ftruncate");
}

static void step(struct group *g) {
  unsigned total = 0, kind = 0;
  for (unsigned k = 0; k < KINDS; k++) total += WEIGHTS[k];
  for (unsigned pick = below(g, total); pick >= WEIGHTS[kind]; kind++) pick -= WEIGHTS[kind];
  int i = below(g, 2);
  struct stat found;
  note(g, "%s of file %d", NAMES[kind], i);
  switch (kind) {
    case READ: case DIRECT_READ: do_read(g, i, kind); break;
    case WRITE: case APPEND: case SYNC_WRITE: case DIRECT_WRITE: do_write(g, i, kind); break;
    case CUT: do_cut(g, i); break;
    case ALLOCATE: do_allocate(g, i); break;
    case COPY: do_copy(g, i); break;
    case MAP_READ: case MAP_WRITE: do_map(g, i, kind); break;
    case SEEK: do_seek(g, i); break;
    case REOPEN: do_reopen(g, i); break;
    case SYNC: must(g, (below(g, 2) ? fsync : fdatasync)(opened[g - state->group][i].fd) == 0, "fsync"); break;
    case SIZE:
      must(g, fstat(opened[g - state->group][i].fd, &found) == 0, "fstat");
      if ((uint64_t)found.st_size != g->files[i].base + g->files[i].length) fail(g, "fstat gives another size");
      break;
  }
  __sync_fetch_and_add(&state->counts[kind], 1);
  if (g->operation % WHOLE_CHECK_EVERY == 0) whole(g, i, "the whole file");
  g->operation++;
  if (below(g, 6) == 0) g->process = below(g, state->processes);
}

static void work(int only) {
  for (unsigned k = 0; k < state->groups; k++) for (int i = 0; i < 2; i++) open_one(&state->group[k], i, 0);
  for (int left = 1; left && !state->failed;) {
    int ran = left = 0;
    for (unsigned k = 0; k < state->groups; k++) {
      struct group *g = &state->group[k];
      if (only >= 0 && (int)k != only) continue;
      if (pthread_mutex_trylock(&g->lock) != 0) { left = 1; continue; }
      for (; g->operation < g->goal && g->process == me && !state->failed; ran = 1) step(g);
      if (g->operation < g->goal) left = 1;
      pthread_mutex_unlock(&g->lock);
    }
    if (left && !ran) usleep(50);
  }
  for (unsigned k = 0; k < state->groups && !state->failed; k++) for (int i = 0; i < 2; i++) close_one(&state->group[k], i);
}

static void make(uint64_t seed, unsigned processes, unsigned groups) {
  static const uint64_t BASES[] = {0, (4 << 20) - (128 << 10), 1ull << 32, (1ull << 42) + 5 * BLOCK};
  state->made = 1;
  state->seed = seed;
  state->processes = processes;
  state->groups = groups;
  for (unsigned k = 0; k < groups; k++) {
    state->group[k].random = seed * 1000003 + k;
    for (int i = 0; i < 2; i++) state->group[k].files[i].base = BASES[(k + i * (k / 4)) % 4];
  }
}

int main(int argc, char **argv) {
  if (argc < 7) return fprintf(stderr, "usage: io DIRECTORY STATE SEED OPERATIONS PROCESSES GROUPS [GROUP]\n"), 2;
  directory = argv[1];
  unsigned processes = atoi(argv[5]), groups = atoi(argv[6]);
  int only = argc > 7 ? atoi(argv[7]) : -1;
  if (processes < 1 || groups < 1 || groups > GROUPS_MAX) return fprintf(stderr, "1 process or more, 1 to %d groups\n", GROUPS_MAX), 2;
  int fd = open(argv[2], O_RDWR | O_CREAT, 0644);
  if (fd < 0 || ftruncate(fd, sizeof *state) != 0) return perror(argv[2]), 2;
  state = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  scratch = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (state == MAP_FAILED || scratch == MAP_FAILED) return perror("mmap"), 2;
  int fresh = !state->made;
  if (fresh) make(strtoull(argv[3], NULL, 10), processes, groups);
  state->failed = 0;
  pthread_mutexattr_t shared;
  pthread_mutexattr_init(&shared);
  pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
  for (unsigned k = 0; k < state->groups; k++) {
    struct group *g = &state->group[k];
    pthread_mutex_init(&g->lock, &shared);
    g->goal = g->operation + strtoull(argv[4], NULL, 10) / (only >= 0 ? 1 : state->groups);
    for (int i = 0; i < 2; i++) {
      open_one(g, i, 0);
      if (fresh) must(g, ftruncate(opened[k][i].fd, g->files[i].base) == 0, "ftruncate");
      whole(g, i, fresh ? "the new file" : "the file as the last run left it");
      close_one(g, i);
    }
  }
  for (me = 0; me < state->processes; me++) if (fork() == 0) { work(only); _exit(state->failed); }
  int status, failed = 0;
  while (wait(&status) > 0) failed |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  if (failed) {
    if (!state->failed) fprintf(stderr, "a process ended by a signal\n");
    return 1;
  }
  for (unsigned k = 0; k < state->groups; k++) for (int i = 0; i < 2; i++) {
    open_one(&state->group[k], i, 0);
    whole(&state->group[k], i, "the file at the end");
    close_one(&state->group[k], i);
  }
  uint64_t total = 0;
  for (int k = 0; k < KINDS; k++) total += state->counts[k];
  printf("%llu operations:", (unsigned long long)total);
  for (int k = 0; k < KINDS; k++) printf(" %llu %s,", (unsigned long long)state->counts[k], NAMES[k]);
  printf(" %llu refused with EOPNOTSUPP\n", (unsigned long long)state->refused);
  return 0;
}
