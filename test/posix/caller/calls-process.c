/*
 * The process itself: who it acts as, its umask, limits and working directory, programs, handles, the clock.
 */
#include "caller.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* uid, gid, further groups */
static void call_as(void) {
  gid_t groups[64];
  int count = 0;
  for (int i = 2; i < arguments(); i++) groups[count++] = number(i);
  uid_t uid = number(0);
  gid_t gid = number(1);
  int result = setresuid(0, 0, 0);
  if (result == 0) result = setresgid(0, 0, 0);
  if (result == 0) result = setgroups(count, groups);
  if (result == 0) result = setresgid(gid, gid, 0);
  if (result == 0) result = setresuid(uid, uid, 0);
  /* Otherwise /proc/self belongs to root. */
  prctl(PR_SET_DUMPABLE, 1);
  checked(result);
}

static void call_ids(void) {
  put_number(geteuid());
  put_number(getegid());
}

static void call_umask(void) { done(umask(number(0))); }
static void call_chdir(void) { checked(chdir(text(0))); }
static void call_fchdir(void) { checked(fchdir(number(0))); }
static void call_getcwd(void) {
  if (!getcwd(buffer, BUFFER_BYTES)) fail(errno);
  else put_text(buffer, strlen(buffer));
}
static void call_getpid(void) { put_number(getpid()); }

/* Bytes; "RLIM_INFINITY" for none. */
static void call_limit_file_size(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = (rlim_t)number(0);
  checked(setrlimit(RLIMIT_FSIZE, &limit));
}

static void call_reset(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
  umask(0);
  close_range(3, ~0U, 0);
}

/*
 * Waits until the clock that filesystems stamp with has gone on: what happens afterwards has a later time than what
 * happened before. It ticks every 1 to 10 ms.
 */
static void call_tick(void) {
  struct timespec start, now, pause = {0, 200000};
  clock_gettime(CLOCK_REALTIME_COARSE, &start);
  do {
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
  } while (now.tv_sec == start.tv_sec && now.tv_nsec == start.tv_nsec);
}

/*
 * Waits until the process of this pid waits for a lock: /proc/locks shows it with an arrow (fs/locks.c,
 * lock_get_status).
 */
static void call_await_lock_waiter(void) {
  struct timespec pause = {0, 200000};
  for (;; nanosleep(&pause, NULL)) {
    FILE *locks = fopen("/proc/locks", "r");
    if (!locks) {
      fail(errno);
      return;
    }
    char line[256];
    int found = 0, pid;
    while (!found && fgets(line, sizeof line, locks))
      found = sscanf(line, "%*d: -> %*s %*s %*s %d", &pid) == 1 && pid == number(0);
    fclose(locks);
    if (found) return;
  }
}

static void call_now(void) {
  struct timespec now;
  clock_gettime(arguments() > 0 && number(0) ? CLOCK_REALTIME_COARSE : CLOCK_REALTIME, &now);
  put_number(now.tv_sec * 1000000000LL + now.tv_nsec);
}

/* Starts a program; the error of execve(2) comes back through a pipe that a success closes. Returns the pid. */
static pid_t start(char *const argv[]) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) abort();
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    execv(argv[0], argv);
    int error = errno;
    if (write(ends[1], &error, sizeof error) < 0) abort();
    _exit(127);
  }
  close(ends[1]);
  int error = 0;
  ssize_t got = read(ends[0], &error, sizeof error);
  close(ends[0]);
  if (got <= 0) return pid;
  waitpid(pid, NULL, 0);
  errno = error;
  return -1;
}

/* Path and arguments: the exit status */
static void call_exec(void) {
  char *argv[16] = {NULL};
  for (int i = 0; i < arguments() && i < 15; i++) argv[i] = (char *)text(i);
  int status = 0;
  pid_t pid = start(argv);
  if (pid < 0) {
    fail(errno);
    return;
  }
  waitpid(pid, &status, 0);
  put_number(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* As `exec`, without waiting: the pid */
static void call_spawn(void) {
  char *argv[16] = {NULL};
  for (int i = 0; i < arguments() && i < 15; i++) argv[i] = (char *)text(i);
  done(start(argv));
}

static void call_kill(void) {
  kill(number(0), SIGKILL);
  checked(waitpid(number(0), NULL, 0));
}

/* path, flags: makes a file handle of it and opens it: the descriptor. Needs root. */
static void call_open_by_handle(void) {
  union {
    struct file_handle handle;
    char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } u = {.handle.handle_bytes = MAX_HANDLE_SZ};
  int mount_id;
  if (name_to_handle_at(AT_FDCWD, text(0), &u.handle, &mount_id, 0) != 0) {
    fail(errno);
    return;
  }
  int here = open(".", O_RDONLY | O_DIRECTORY);
  done(open_by_handle_at(here, &u.handle, number(1)));
  close(here);
}

const struct call process_calls[] = {
    {"as", call_as},
    {"ids", call_ids},
    {"umask", call_umask},
    {"chdir", call_chdir},
    {"fchdir", call_fchdir},
    {"getcwd", call_getcwd},
    {"getpid", call_getpid},
    {"limitFileSize", call_limit_file_size},
    {"reset", call_reset},
    {"tick", call_tick},
    {"awaitLockWaiter", call_await_lock_waiter},
    {"now", call_now},
    {"exec", call_exec},
    {"spawn", call_spawn},
    {"kill", call_kill},
    {"openByHandle", call_open_by_handle},
    {NULL, NULL},
};
