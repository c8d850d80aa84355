/**
 * Programs that save a file, run without anybody at the keyboard: each sets the port in `app.jsonc` to $V. What
 * they are is a table; how each saves is what fxmount must live with.
 */
import { hasCommand } from './mount.ts';

export interface SavingTool {
  readonly name: string;
  /** Program that must be there. */
  readonly needs: string;
  /** What reaches the filesystem. */
  readonly how: string;
  /** Bash, in the file's directory. */
  readonly script: string;
  /** Whether it says by itself, by exit code or on the screen, that a save was refused. */
  readonly reports: 'exit code' | 'screen' | 'no';
  /** What the path shows after a refused save: what the tool wrote, or what it put back. */
  readonly leaves: 'draft' | 'old text';
  /** Matches its output when it reports on the screen only. */
  readonly says?: RegExp;
}

const SED = `s/\\(.port.: \\).*/\\1$V/`;

/** Types into nano on a terminal of its own, each key once the screen shows what it waits for. */
const NANO = `
import os, pty, select, sys, time
pid, screen = pty.fork()
if pid == 0:
    os.execvp('nano', ['nano', '-w', 'app.jsonc'])
def wait(text):
    seen = b''
    end = time.time() + 10
    while text not in seen and time.time() < end:
        if not select.select([screen], [], [], 0.1)[0]: continue
        try: part = os.read(screen, 4096)
        except OSError: break
        if not part: break
        seen += part
    sys.stdout.buffer.write(seen)
def keys(text):
    try: os.write(screen, text)
    except OSError: pass
wait(b'port')
keys(b'\\x0b' * 4 + b'{\\r  // where it listens\\r  "port": ' + os.environ['V'].encode() + b'\\r}\\x13')
wait(b'rror' if os.environ['V'] == '[[' else b'Wrote')
keys(b'\\x18')
keys(b'n')
wait(b'never shown')
os.waitpid(pid, 0)
`;

export const SAVING_TOOLS: readonly SavingTool[] = [
  {
    name: 'vim',
    needs: 'vim',
    how: 'renames to a backup, creates anew, syncs, puts the backup back if refused',
    script: `vim -es -u NONE -i NONE -c 'set nocp wb bsk=' -c '%s/"port": .*/"port": '"$V"'/' -c 'wq' app.jsonc`,
    reports: 'exit code',
    leaves: 'old text',
  },
  {
    name: 'vim, `backupcopy=yes`',
    needs: 'vim',
    how: 'copies to a backup, truncates, writes, syncs; writes the backup back if refused',
    script: `vim -es -u NONE -i NONE -c 'set nocp wb bsk= bkc=yes' -c '%s/"port": .*/"port": '"$V"'/' -c 'wq' app.jsonc`,
    reports: 'exit code',
    leaves: 'old text',
  },
  {
    name: 'nano',
    needs: 'nano',
    how: 'truncates, writes, syncs',
    script: `TERM=xterm python3 -c "$NANO"`,
    reports: 'screen',
    leaves: 'draft',
    says: /rror/,
  },
  {
    name: 'Emacs',
    needs: 'emacs',
    how: 'renames to a backup, creates anew',
    script: `emacs -Q --batch app.jsonc --eval '(progn (while (re-search-forward "\\\\(\\"port\\": \\\\).*" nil t) (replace-match (concat "\\\\1" (getenv "V")))) (save-buffer))'`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`ed`',
    needs: 'ed',
    how: 'truncates, writes',
    script: `printf '%s\\n' ",${SED}" w q | ed -s app.jsonc`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`sed -i`',
    needs: 'sed',
    how: 'temporary file renamed over it',
    script: `sed -i "${SED}" app.jsonc`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`sed -i.bak`',
    needs: 'sed',
    how: 'renames to a backup, temporary file renamed there',
    script: `sed -i.bak "${SED}" app.jsonc`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`perl -i`',
    needs: 'perl',
    how: 'temporary file renamed over it',
    script: `perl -i -pe 's/("port": ).*/$1$ENV{V}/' app.jsonc`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`perl -i.bak`',
    needs: 'perl',
    how: 'backup by a link, temporary file renamed over it',
    script: `perl -i.bak -pe 's/("port": ).*/$1$ENV{V}/' app.jsonc`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`git checkout`',
    needs: 'git',
    how: 'unlinks, creates anew',
    script: `export GIT_DIR="$SCRATCH/git" GIT_WORK_TREE=. GIT_CONFIG_GLOBAL=/dev/null; [ -d "$GIT_DIR" ] || git init -q
      blob=$(sed "${SED}" app.jsonc | git hash-object -w --stdin)
      git update-index --add --cacheinfo "100644,$blob,app.jsonc"; git checkout-index -f app.jsonc`,
    reports: 'no',
    leaves: 'draft',
  },
  {
    name: '`echo > f`',
    needs: 'bash',
    how: 'truncates, flushes, writes',
    script: `t=$(sed "${SED}" app.jsonc); echo "$t" > app.jsonc`,
    reports: 'no',
    leaves: 'draft',
  },
  {
    name: '`echo >> f`',
    needs: 'bash',
    how: 'appends',
    script: `if [ "$V" = '[[' ]; then echo '[[' >> app.jsonc; else sed -i '/^\\[\\[/d' app.jsonc; sed "${SED}" app.jsonc > "$SCRATCH/t"; : > app.jsonc; cat "$SCRATCH/t" >> app.jsonc; fi`,
    reports: 'no',
    leaves: 'draft',
  },
  {
    name: '`tee`',
    needs: 'tee',
    how: 'truncates, writes',
    script: `t=$(sed "${SED}" app.jsonc); echo "$t" | tee app.jsonc > /dev/null`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`cp`',
    needs: 'cp',
    how: 'truncates, writes',
    script: `sed "${SED}" app.jsonc > "$SCRATCH/t"; cp "$SCRATCH/t" app.jsonc`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`dd`',
    needs: 'dd',
    how: 'truncates, writes, syncs',
    script: `sed "${SED}" app.jsonc > "$SCRATCH/t"; dd if="$SCRATCH/t" of=app.jsonc conv=fsync status=none`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`mv` from the same mount',
    needs: 'mv',
    how: 'renames over it',
    script: `sed "${SED}" app.jsonc > t.tmp; mv t.tmp app.jsonc`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: '`mv` from another disk',
    needs: 'mv',
    how: 'unlinks, creates anew',
    script: `sed "${SED}" app.jsonc > "$SCRATCH/t"; mv "$SCRATCH/t" app.jsonc`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: 'Python',
    needs: 'python3',
    how: 'truncates, writes',
    script: `python3 -c '
import os, re
text = open("app.jsonc").read()
with open("app.jsonc", "w") as f: f.write(re.sub("(.port.: ).*", lambda m: m[1] + os.environ["V"], text))'`,
    reports: 'exit code',
    leaves: 'draft',
  },
  {
    name: 'Node',
    needs: 'node',
    how: 'truncates, writes',
    script: `node -e 'const fs = require("fs"); fs.writeFileSync("app.jsonc", fs.readFileSync("app.jsonc", "utf8").replace(/("port": ).*/, (_, a) => a + process.env.V))'`,
    reports: 'exit code',
    leaves: 'draft',
  },
];

export const nanoProgram = NANO;

/** Why the tool cannot be tested here; undefined when it can. */
export function missing({ needs, name }: SavingTool): string | undefined {
  if (!hasCommand(needs)) return `${needs} is not installed`;
  return name === 'nano' && !hasCommand('python3') ? 'python3 is not installed' : undefined;
}

/** The table of the documentation. */
export function savingTable(tools: readonly SavingTool[] = SAVING_TOOLS): string {
  const rows = tools.map(({ name, how, reports, leaves }) => {
    const told = { 'exit code': 'yes, by its exit code', screen: 'yes, on the screen', no: 'no' }[reports];
    return [name, how, 'the same', told, leaves === 'draft' ? 'what was saved' : 'the old text: the tool puts it back'];
  });
  const head = ['tool', 'how it saves', 'NodeID', 'tells of a refused save', 'the path then shows'];
  const widths = head.map((text, i) => Math.max(text.length, ...rows.map((row) => (row[i] as string).length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] as number)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
