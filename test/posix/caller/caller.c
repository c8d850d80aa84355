/*
 * Makes system calls for the POSIX suite: reads commands, one a line, and answers each with one line, in order.
 *
 *     open f O_RDWR|O_CREAT 420        =3
 *     mkdir f 493                      !17
 *
 * Arguments are texts and numbers between spaces. In texts, bytes up to space, "%" and from 0x7f on are written %XX;
 * an empty text is "%". Numbers are decimal, or names of constants with "|" between them. An answer is "=" and values
 * in the same form, or "!" and an error number, or "!" and a name for what is no error number.
 *
 * Relative paths start at the working directory, given as the only argument. Started by root, the process can act as
 * any user: "as UID GID GROUP..." switches the real and the effective ids, whereby all capabilities go, and keeps only
 * the saved id of root to switch back.
 */
#include "caller.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES = 1 << 20, ARGUMENTS_MAX = 64 };

char buffer[BUFFER_BYTES];
static char line[LINE_BYTES];
static char *argument[ARGUMENTS_MAX];
static size_t argument_bytes[ARGUMENTS_MAX];
static int argument_count;
static int answered;

int arguments(void) { return argument_count; }

const char *text(int i) { return i < argument_count ? argument[i] : ""; }

size_t text_bytes(int i) { return i < argument_count ? argument_bytes[i] : 0; }

static long long constant(const char *name, size_t length) {
  for (const struct constant *c = constants; c->name; c++)
    if (strlen(c->name) == length && memcmp(c->name, name, length) == 0) return c->value;
  fprintf(stderr, "caller: unknown constant %.*s\n", (int)length, name);
  exit(2);
}

long long number(int i) {
  long long sum = 0;
  for (const char *at = text(i); *at;) {
    size_t length = strcspn(at, "|");
    if (*at == '-' || (*at >= '0' && *at <= '9')) sum |= strtoll(at, NULL, 10);
    else sum |= constant(at, length);
    at += length + (at[length] == '|');
  }
  return sum;
}

static void answer(const char *head) {
  fputs(answered ? " " : head, stdout);
  answered = 1;
}

void put_number(long long value) {
  answer("=");
  printf("%lld", value);
}

void put_text(const char *bytes, size_t length) {
  answer("=");
  if (length == 0) putchar('%');
  for (size_t i = 0; i < length; i++) {
    unsigned char c = bytes[i];
    if (c <= ' ' || c == '%' || c >= 0x7f) printf("%%%02x", c);
    else putchar(c);
  }
}

void fail(int error) {
  answer("!");
  printf("%d", error);
}

void fail_as(const char *name) {
  answer("!");
  fputs(name, stdout);
}

void done(long long result) {
  if (result < 0) fail(errno);
  else put_number(result);
}

void checked(long long result) {
  if (result < 0) fail(errno);
}

static int hex(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

/* Decodes %XX in place. Returns the length. */
static size_t decode(char *word) {
  char *to = word;
  for (char *from = word; *from; from++) {
    if (*from != '%') *to++ = *from;
    else if (from[1]) {
      *to++ = (char)(hex(from[1]) << 4 | hex(from[2]));
      from += 2;
    }
  }
  *to = 0;
  return (size_t)(to - word);
}

/* Splits the line; returns the command's name. */
static char *split(void) {
  argument_count = 0;
  line[strcspn(line, "\n")] = 0;
  char *name = strtok(line, " ");
  for (char *word; (word = strtok(NULL, " ")) && argument_count < ARGUMENTS_MAX; argument_count++) {
    argument[argument_count] = word;
    argument_bytes[argument_count] = decode(word);
  }
  return name;
}

static const struct call *find(const char *name) {
  const struct call *tables[] = {path_calls, file_calls, directory_calls, process_calls};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    for (const struct call *c = tables[i]; c->name; c++)
      if (strcmp(c->name, name) == 0) return c;
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 2 || chdir(argv[1]) != 0) {
    perror("caller");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  umask(0);
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (fgets(line, sizeof line, stdin)) {
    char *name = split();
    const struct call *call = name ? find(name) : NULL;
    if (!call) {
      fprintf(stderr, "caller: unknown call %s\n", name ? name : "");
      return 2;
    }
    answered = 0;
    call->run();
    if (!answered) putchar('=');
    putchar('\n');
    fflush(stdout);
  }
  return 0;
}
