/**
 * Real programs, as bash scripts that run in an empty directory: of the host first, which proves the script, then of a
 * mount. What a script prints must be the same on both, so it prints what matters and nothing that varies.
 *
 * In the environment: ROOT (the repository), SCRATCH (an empty host directory beside), SIZE (1 for the short form, 10
 * for the long one), HERE (the directory).
 */
export interface Step {
  readonly name: string;
  /** Programs that it needs, and the Debian packages that have them. */
  readonly needs: readonly string[];
  readonly packages: string;
  readonly asRoot?: boolean;
  /** Also in the short form. */
  readonly short: boolean;
  readonly script: string;
}

const NPM = `
mkdir project && cd project
git -C "$ROOT" ls-files -z | (cd "$ROOT" && tar --null -T - -cf -) | tar -xf -
npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error > "$SCRATCH/npm.log" 2>&1 || { cat "$SCRATCH/npm.log"; exit 1; }
find node_modules -name package.json | wc -l
npm ls --all --parseable | wc -l
npm run build > "$SCRATCH/build.log" 2>&1 || { cat "$SCRATCH/build.log"; exit 1; }
node dist/src/cli.js --version
node node_modules/vitest/vitest.mjs run --project unit test/uarr test/ids test/lenses test/bytes > "$SCRATCH/tests.log" 2>&1 || { cat "$SCRATCH/tests.log"; exit 1; }
grep -c passed "$SCRATCH/tests.log"
`;

const VENV = `
python3 -m venv venv
venv/bin/python -m pip list --format=freeze --disable-pip-version-check | sort
venv/bin/python -m pip uninstall -y -q pip --disable-pip-version-check 2> /dev/null; venv/bin/python -m ensurepip 2>&1 | grep -c Successfully
venv/bin/python -m pip check --disable-pip-version-check
venv/bin/python -m compileall -q venv/lib && find venv -name '*.pyc' | wc -l
`;

const SQLITE = `
cat > writer.py <<'END'
import sqlite3, sys
who, rounds = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect("db", timeout=60, isolation_level=None)
db.execute("PRAGMA synchronous=NORMAL")
for i in range(rounds):
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (?, ?, ?)", (who, i, "x" * (i % 2000)))
    db.execute("UPDATE total SET n = n + 1")
    db.execute("COMMIT")
END
sqlite3 db 'PRAGMA journal_mode=WAL; CREATE TABLE t (who, i, text); CREATE TABLE total (n); INSERT INTO total VALUES (0); CREATE INDEX ti ON t (i, who);'
python3 writer.py a $((SIZE * 100)) & first=$!
python3 writer.py b $((SIZE * 100)) & second=$!
sqlite3 -readonly db '.timeout 60000' 'SELECT count(*) >= 0 FROM t'
wait $first && wait $second
sqlite3 db 'PRAGMA integrity_check; SELECT who, count(*), sum(length(text)) FROM t GROUP BY who; SELECT n FROM total; PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA integrity_check'
`;

const POSTGRES = `
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1); export PATH="$bin:$PATH"
install -d -o postgres -m 700 data; sockets=$(mktemp -d /tmp/fxmount-pg-XXXX); chown postgres "$sockets"
as() { runuser -u postgres -- env PGHOST="$sockets" PGDATABASE=postgres "$@"; }
server() { as pg_ctl -D "$HERE/data" -l "$HERE/data/log" -w -t 60 -o "-k $sockets -c listen_addresses='' -c shared_buffers=32MB" "$@" > "$SCRATCH/pg.log" 2>&1 || { cat "$SCRATCH/pg.log" data/log; exit 1; }; }
trap 'as pg_ctl -D "$HERE/data" -m immediate stop > /dev/null 2>&1 || true; rm -rf "$sockets"' EXIT
as initdb -D "$HERE/data" -A trust --no-instructions > "$SCRATCH/pg.log" 2>&1 || { cat "$SCRATCH/pg.log"; exit 1; }
server start
as pgbench -q -i -s "$SIZE" > "$SCRATCH/init.log" 2>&1 || { cat "$SCRATCH/init.log" data/log; exit 1; }
as pgbench -n -c 4 -j 2 -T "$SIZE" > "$SCRATCH/bench.log" 2>&1 || { cat "$SCRATCH/bench.log" data/log; exit 1; }
grep -c 'number of failed transactions: 0' "$SCRATCH/bench.log"
as pgbench -n -c 4 -T 60 > /dev/null 2>&1 & load=$!
as psql -qAtc "SELECT 1 FROM generate_series(1, 1000) g WHERE pg_sleep(0.001) IS NOT NULL LIMIT 1"
before=$(as psql -qAtc 'SELECT count(*) FROM pgbench_history')
# The postmaster and all its children at once.
master=$(head -1 data/postmaster.pid); kill -STOP $master; children=$(ps -o pid= --ppid $master); kill -9 $children $master
wait $load || true; for pid in $master $children; do while kill -0 $pid 2> /dev/null; do sleep 0.05; done; done
server start
grep -c 'database system was not properly shut down' data/log
[ "$(as psql -qAtc 'SELECT count(*) FROM pgbench_history')" -ge "$before" ] && echo nothing lost
as psql -qAtc 'SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT coalesce(sum(delta), 0) FROM pgbench_history)'
as psql -qAtc 'CREATE EXTENSION amcheck' -c "SELECT count(*) FROM (SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam WHERE amname = 'btree' AND relpersistence = 'p') checked" | grep -c '^[1-9]'
server stop
`;

const GIT = String.raw`
git init -q repository && cd repository
python3 - $((SIZE * 10)) <<'END' | git fast-import --quiet
import sys
commits = int(sys.argv[1])
out = sys.stdout
for c in range(commits):
    out.write(f"commit refs/heads/main\nmark :{c + 1}\ncommitter T <t@t> {1700000000 + c} +0000\ndata 2\nc\n")
    if c: out.write(f"from :{c}\n")
    for f in range(190):
        text = f"file {f} in commit {c}\n" * (1 + f % 7)
        out.write(f"M 100644 inline d{f % 19}/f{f}\ndata {len(text)}\n{text}\n")
END
git config gc.auto 0; git config user.email t@t; git config user.name t
mv .git/objects/pack/*.pack "$SCRATCH/pack"; rm -f .git/objects/pack/*; git unpack-objects -q < "$SCRATCH/pack"
git count-objects | cut -d' ' -f1
git fsck --full --strict --no-progress; git checkout -q main; git status --short | wc -l
git gc -q; git count-objects -v | grep -E '^(count|in-pack|packs|garbage)'; git fsck --full --strict --no-progress
git clone -q --no-local . ../clone && git -C ../clone fsck --full --no-progress
echo more >> d1/f1; git commit -qam more; git repack -adq; git worktree add -q ../worktree HEAD~1; git -C ../worktree status --short | wc -l
git rev-parse main^{tree}
`;

const MAKE = String.raw`
for i in $(seq $((SIZE * 8))); do printf '#include "all.h"\nint f%d(void) { return LIMIT + %d; }\n' $i $i > f$i.c; done
{ echo '#define LIMIT 1'; for i in $(seq $((SIZE * 8))); do echo "int f$i(void);"; done; } > all.h
{ echo '#include <stdio.h>'; echo '#include "all.h"'; echo 'int main(void) { long s = 0;'; for i in $(seq $((SIZE * 8))); do echo "s += f$i();"; done; echo 'printf("%ld\n", s); return 0; }'; } > main.c
cat > Makefile <<'END'
objects := $(patsubst %.c,%.o,$(wildcard *.c))
program: libf.a main.o
	$(CC) -o $@ main.o -L. -lf
libf.a: $(filter-out main.o,$(objects))
	rm -f $@ && ar rcs $@ $^
%.o: %.c
	$(CC) -O1 -g -MMD -c -o $@ $<
-include $(objects:.o=.d)
END
make -s -j2 && ./program && make -q && echo up to date
sed -i 's/LIMIT 1/LIMIT 1000/' all.h; make -j2 | grep -c -- -c; ./program; make -q && echo up to date
gdb_like=$(objdump -h program 2> /dev/null | grep -c debug_info || true); echo "$gdb_like"; strip program && ./program
`;

/** A host tree with everything that rsync -aHAX keeps. */
const RSYNC = String.raw`
# Access lists where the filesystem has them.
lists() { setfacl -m u:1234:rwx . 2> /dev/null && setfacl -b .; }
lists && keep=-aHAX || keep=-aHX
source="$SCRATCH/source"; mkdir "$source"; (cd "$source"; mkdir -p a/b lists
for i in $(seq $((SIZE * 20))); do head -c $((i * 37 % 5000)) /dev/zero | tr '\0' $((i % 10)) > a/f$i; done
ln a/f1 a/b/link; ln -s ../f2 a/b/symlink; mkfifo a/fifo; mknod null c 1 3; truncate -s 20M sparse; printf x | dd of=sparse bs=1 seek=9M conv=notrunc status=none
setfattr -n user.note -v text a/f3; setfattr -n trusted.note -v text a/f4; [ $keep = -aHX ] || { setfacl -m u:1234:r-x a/f5; setfacl -d -m g:4321:rwx lists; }
chown 1234:4321 a/f6; chmod 4711 a/f7; touch -d '2001-02-03 04:05:06.789012345' a/f8; touch -h -d '1999-01-01' a/b/symlink; chmod 1777 lists
# Old, so that a change of a directory shows whatever second it is.
touch -d '2002-03-04' a a/b lists .)
rsync $keep --sparse "$source/" in/; rsync $keep -ni --checksum --delete "$source/" in/
rsync $keep --sparse in/ "$SCRATCH/back/"; rsync $keep -ni --checksum --delete "$source/" "$SCRATCH/back/"; rsync $keep -ni --checksum --delete in/ "$SCRATCH/back/"
echo changed > in/a/f1; rm in/a/f2; rsync $keep -i --delete in/ "$SCRATCH/back/" | cut -c1-2 | sort | uniq -c
[ $(stat -c %b in/sparse) -lt 2048 ] && echo sparse; cat "$SCRATCH/back/a/b/link"
`;

const TAR = String.raw`
mkdir tree; truncate -s $((SIZE * 50))M tree/hole; cp --sparse=always /dev/null tree/empty
for at in 0 3 17 40; do printf "data at $at" | dd of=tree/hole bs=1M seek=$at conv=notrunc status=none; done
head -c 300000 /dev/zero | tr '\0' a > tree/full; ln tree/full tree/link; ln -s full tree/symlink; chmod 640 tree/full
tar -cSf archive.tar tree; [ $(stat -c %s archive.tar) -lt 1500000 ] && echo small
mkdir out && tar -xSpf archive.tar -C out; diff -r tree out/tree && echo same
[ $(du -k out/tree/hole | cut -f1) -lt 1024 ] && echo sparse; stat -c '%h %a %s' out/tree/link
tar -df archive.tar && tar -czf - tree | tar -tzf - | sort
cp --sparse=auto tree/hole copy && cmp copy tree/hole && [ $(du -k copy | cut -f1) -lt 1024 ] && echo copied as sparse
`;

const LOOK = `
mkdir -p d/e; for i in $(seq $((SIZE * 30))); do head -c $((i * 100)) /dev/zero > d/f$i; done; ln d/f1 d/e/link; ln -s f2 d/symlink; chmod 755 d/f3
find . -type f | wc -l; find . -links 2 | sort; find . -size +2k -type f | wc -l; find . -perm -100 -type f; find d -newer d/f1 -name f3 -o -type l | sort
du -ab d | tail -1 | cut -f2; du -sb --apparent-size d/f10 | cut -f1; [ $(du -sk d | cut -f1) -gt 0 ] && echo has blocks
df -P . | awk 'NR == 2 { print ($2 > 0), ($4 > 0), ($2 >= $3) }'; df -Pi . | awk 'NR == 2 { print ($2 > 0) }'; stat -f -c '%l' .
sleep 600 < d/f5 & holder=$!; exec 7< d/f5; lsof -t d/f5 | grep -c -x $$; lsof -a -p $$ -d 7 -Fn | sed -n "s|^n$HERE/||p"; exec 7<&-; kill $holder
ls -lR d | wc -l; { grep -rl nothing d || true; } | wc -l
`;

const INOTIFY = `
mkdir w; inotifywait -q -m -e create,modify,moved_from,moved_to,delete,attrib,close_write --format '%e %f' w > "$SCRATCH/events" 2> "$SCRATCH/errors" & watcher=$!
until touch w/probe && grep -q probe "$SCRATCH/events"; do rm -f w/probe; done
bash -c 'echo text > w/file; echo more >> w/file; chmod 600 w/file; mv w/file w/moved; mkdir w/sub; rm w/moved; rmdir w/sub; touch w/last'
until grep -q 'CLOSE.* last' "$SCRATCH/events"; do :; done; kill $watcher
grep -v -e probe -e last "$SCRATCH/events"
`;

export const STEPS: readonly Step[] = [
  {
    name: 'npm ci, build and tests of this project',
    needs: ['npm', 'g++', 'make'],
    packages: 'npm g++ make',
    short: false,
    script: NPM,
  },
  { name: 'Python venv with bundled wheels', needs: ['python3'], packages: 'python3-venv', short: false, script: VENV },
  {
    name: 'SQLite, WAL, two writers',
    needs: ['sqlite3', 'python3'],
    packages: 'sqlite3 python3',
    short: true,
    script: SQLITE,
  },
  {
    name: 'PostgreSQL, pgbench, kill, recovery',
    needs: ['/usr/lib/postgresql/*/bin/initdb', 'runuser'],
    packages: 'postgresql',
    asRoot: true,
    short: false,
    script: POSTGRES,
  },
  {
    name: 'git gc and fsck of 20,000 objects',
    needs: ['git', 'python3'],
    packages: 'git python3',
    short: false,
    script: GIT,
  },
  {
    name: 'a C build with make -j2',
    needs: ['gcc', 'make', 'objdump'],
    packages: 'gcc make binutils',
    short: true,
    script: MAKE,
  },
  {
    name: 'rsync -aHAX both ways',
    needs: ['rsync', 'setfacl', 'setfattr'],
    packages: 'rsync acl attr',
    asRoot: true,
    short: true,
    script: RSYNC,
  },
  { name: 'tar with sparse files', needs: ['tar'], packages: 'tar', short: true, script: TAR },
  {
    name: 'find, du, df, lsof',
    needs: ['find', 'du', 'df', 'lsof'],
    packages: 'findutils coreutils lsof',
    short: true,
    script: LOOK,
  },
  { name: 'inotifywait', needs: ['inotifywait'], packages: 'inotify-tools', short: true, script: INOTIFY },
];
