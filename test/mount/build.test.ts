/** A C program of several files is built on the mount with make and gcc, and runs from there. */
import { describe, expect, test } from 'vitest';
import { canMount, hasCommand, withMount } from '../support/mount.ts';

const PROJECT = `mkdir -p src build
cat > src/sum.h <<'C'
long sum(const int *values, int count);
#define COUNT 10
C
cat > src/sum.c <<'C'
#include "sum.h"
long sum(const int *values, int count) { long s = 0; for (int i = 0; i < count; i++) s += values[i]; return s; }
C
cat > src/main.c <<'C'
#include <stdio.h>
#include "sum.h"
int main(void) { int v[COUNT]; for (int i = 0; i < COUNT; i++) v[i] = i; printf("%ld\\n", sum(v, COUNT)); return 0; }
C
cat > Makefile <<'M'
OBJECTS = build/main.o
build/program: $(OBJECTS) build/libsum.a
	gcc -o $@ $(OBJECTS) -Lbuild -lsum
build/libsum.a: build/sum.o
	ar rcs $@ $^
build/%.o: src/%.c
	gcc -g -O1 -MMD -Isrc -c -o $@ $<
-include $(wildcard build/*.d)
M
`;

describe.skipIf(!canMount || !hasCommand('gcc') || !hasCommand('make'))('gcc and make', () => {
  test('build a program, find it up to date, and build again only what a change touches', () =>
    withMount('build', async (mount) => {
      await mount.sh(PROJECT);
      await mount.sh('make -j2 build/program');
      expect(await mount.sh('build/program')).toBe('45\n');
      expect(await mount.sh('make build/program')).toContain('up to date');
      await mount.sh(`sed -i 's/COUNT 10/COUNT 20/' src/sum.h; make -j2 build/program`);
      expect(await mount.sh('build/program')).toBe('190\n');
      await mount.sh('touch src/main.c');
      const rebuilt = await mount.sh('make build/program');
      expect(rebuilt).toContain('src/main.c');
      expect(rebuilt).not.toContain('src/sum.c');
      await mount.remount();
      expect(await mount.sh('make build/program; build/program')).toMatch(/up to date[\s\S]*190\n$/);
    }));

  test('a program that runs may not be written, and may be replaced', () =>
    withMount('busy', async (mount) => {
      await mount.sh(`echo 'int main(void) { int c; return read(0, &c, 1) < 0; }' > wait.c
        gcc -w -o wait wait.c; coproc hold { exec ./wait; }
        until [ "$(readlink /proc/$hold_PID/exe)" = "$PWD/wait" ]; do :; done
        if (echo x >> wait) 2> /dev/null; then exit 1; fi
        pid=$hold_PID; cp wait wait2; mv wait2 wait; echo >&\${hold[1]}; wait $pid`);
    }));
});
