/*
 * Between the loop of the caller (caller.c) and its system calls (calls-*.c): how a call gets its
 * arguments and gives its answer.
 */
#ifndef CALLER_H
#define CALLER_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <sys/types.h>

struct call {
  const char *name;
  void (*run)(void);
};

/* Tables end with a name of NULL. */
extern const struct call path_calls[], file_calls[], directory_calls[], process_calls[];

/* The constants that arguments may name; ends with a name of NULL. */
struct constant {
  const char *name;
  long long value;
};
extern const struct constant constants[];

/* Argument `i` of the command, from 0. Missing ones are empty, and 0. */
const char *text(int i);
size_t text_bytes(int i);
long long number(int i);
int arguments(void);

/* The answer: an error, or values, in any number. */
void put_number(long long value);
void put_text(const char *bytes, size_t length);
/* An error when `result` is negative, else the number. */
void done(long long result);
/* As `done`, without a value. */
void checked(long long result);
void fail(int error);
void fail_as(const char *name);

/* A buffer of `BUFFER_BYTES` for what a call reads or writes. */
enum { BUFFER_BYTES = 8 << 20 };
extern char buffer[BUFFER_BYTES];

#endif
