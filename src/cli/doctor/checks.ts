/**
 * What fxmount needs of a machine: one check each, with what it found and the command that mends it.
 */
import type { Machine } from './machine.ts';
import { asRoot, installCommand, type PackageName } from './packages.ts';

export interface Finding {
  /** A fixed name, for scripts. */
  readonly check: string;
  /** problem: fxmount cannot mount; advice: something of it is missing or limited; ok. */
  readonly status: 'ok' | 'advice' | 'problem';
  readonly found: string;
  /** The command, or what to do, that mends it; undefined when all is well. */
  readonly remedy?: string;
}

type Check = (machine: Machine) => Finding | Promise<Finding>;

/** As in package.json, "engines". */
const NODE_MIN = [20, 19] as const;
/** The protocol of Linux 4.20, which the session needs at least (mount/fuse/protocol.ts). */
const FUSE_MINOR_MIN = 28;
/** Below these a large build or a watched source tree runs into errors. */
const OPEN_FILES_MIN = 4096;
const WATCHES_MIN = 65_536;
const INSTANCES_MIN = 128;
const CAP_SYS_ADMIN = 21;

const ok = (check: string, found: string): Finding => ({ check, status: 'ok', found });
const lack = (check: string, status: 'advice' | 'problem', found: string, remedy: string): Finding => ({
  check,
  status,
  found,
  remedy,
});

function system(machine: Machine): Finding {
  const release = machine.read('/proc/sys/kernel/osrelease')?.trim() ?? '';
  if (machine.platform === 'linux') return ok('system', `Linux ${release}`);
  return lack('system', 'problem', machine.platform, 'run fxmount on Linux 4.20 or newer');
}

function node({ nodeVersion }: Machine): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return ok('node', nodeVersion);
  return lack('node', 'problem', `${nodeVersion}, older than ${NODE_MIN.join('.')}`, 'nvm install 22');
}

async function addon(machine: Machine): Promise<Finding> {
  const why = await machine.addon();
  if (why === undefined) return ok('addon', 'built, and loads');
  return lack('addon', 'problem', why, 'npm run build:native');
}

function index(machine: Machine): Finding {
  const why = machine.packageAddon('lmdb');
  if (why === undefined) return ok('lmdb', 'loads');
  return lack('lmdb', 'problem', why, 'npm install --include=optional lmdb');
}

/** What builds the addon; a package that came with it built does not need it. */
async function toolchain(machine: Machine): Promise<Finding> {
  const missing: PackageName[] = [];
  if (!['c++', 'g++', 'clang++'].some((name) => machine.find(name))) missing.push('g++');
  if (machine.find('make') === undefined) missing.push('make');
  if (machine.find('python3') === undefined) missing.push('python3');
  if (missing.length === 0) return ok('toolchain', 'C++ compiler, make and python3');
  const isNeeded = (await machine.addon()) !== undefined;
  return lack(
    'toolchain',
    isNeeded ? 'problem' : 'advice',
    `no ${missing.join(', ')}; ${isNeeded ? 'the addon cannot be built' : 'needed only to build the addon anew'}`,
    installCommand(machine, missing),
  );
}

function device(machine: Machine): Finding {
  const code = machine.refusal('/dev/fuse');
  if (code === undefined) return ok('/dev/fuse', 'may be opened');
  if (code !== 'ENOENT') {
    return lack('/dev/fuse', 'problem', `may not be opened (${code})`, asRoot(machine, 'chmod 666 /dev/fuse'));
  }
  const inContainer = ['/.dockerenv', '/run/.containerenv'].some((path) => machine.stat(path) !== undefined);
  const remedy = inContainer
    ? 'start the container with --device /dev/fuse --cap-add SYS_ADMIN --security-opt apparmor=unconfined'
    : asRoot(machine, 'modprobe fuse');
  return lack('/dev/fuse', 'problem', 'is missing', remedy);
}

/** By what right this user mounts: fusermount3 for an ordinary user, a capability for root. */
function right(machine: Machine): Finding {
  if (machine.uid !== 0) return fusermount(machine, 'problem');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(machine.read('/proc/self/status') ?? '')?.[1] ?? '0';
  if ((BigInt(`0x${effective}`) >> BigInt(CAP_SYS_ADMIN)) & 1n) return ok('right to mount', 'root, with CAP_SYS_ADMIN');
  return lack(
    'right to mount',
    'problem',
    'root without CAP_SYS_ADMIN',
    'start the container with --cap-add SYS_ADMIN',
  );
}

function fusermount(machine: Machine, status: 'advice' | 'problem'): Finding {
  const path = machine.find('fusermount3');
  if (path === undefined) {
    return lack('fusermount3', status, 'not installed', installCommand(machine, ['fuse3']));
  }
  const { mode = 0, uid = 0 } = machine.stat(path) ?? {};
  if (uid === 0 && (mode & 0o4000) !== 0) return ok('fusermount3', `${path}, setuid root`);
  return lack(
    'fusermount3',
    status,
    `${path} is not setuid root`,
    asRoot(machine, `sh -c 'chown root ${path} && chmod 4755 ${path}'`),
  );
}

/** Root needs no fusermount3; the other users of its machine do. */
function usersMount(machine: Machine): Finding {
  const { check: _, ...finding } = fusermount(machine, 'advice');
  return { check: 'mounts of ordinary users', ...finding };
}

function allowOther(machine: Machine): Finding {
  if (machine.uid === 0) return ok('--allow-other', 'root needs no permission for it');
  const lines = (machine.read('/etc/fuse.conf') ?? '').split('\n').map((line) => line.trim());
  if (lines.includes('user_allow_other')) return ok('--allow-other', 'user_allow_other is in /etc/fuse.conf');
  return lack(
    '--allow-other',
    'advice',
    'for root only: /etc/fuse.conf lacks user_allow_other',
    'echo user_allow_other | sudo tee -a /etc/fuse.conf',
  );
}

async function mounting(machine: Machine): Promise<Finding> {
  if ((await machine.addon()) !== undefined) {
    return lack('mounting', 'problem', 'not tried without the addon', 'npm run build:native');
  }
  try {
    const { minor, features } = await machine.trial();
    const found = `works; FUSE 7.${minor}: ${features.join(' ')}`;
    if (minor >= FUSE_MINOR_MIN) return ok('mounting', found);
    return lack('mounting', 'problem', found, 'boot a kernel from 4.20 on');
  } catch (error) {
    return lack(
      'mounting',
      'problem',
      (error as Error).message,
      'see to the lines above, then run fxmount doctor again',
    );
  }
}

function openFiles(machine: Machine): Finding {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(machine.read('/proc/self/limits') ?? '')?.[1] ?? 'unknown';
  if (!(Number(hard) < OPEN_FILES_MIN)) return ok('open files', `up to ${hard}`);
  return lack(
    'open files',
    'advice',
    `up to ${hard}, fewer than ${OPEN_FILES_MIN}`,
    "ulimit -Hn 65536, as root; for good: echo '* hard nofile 65536' | sudo tee /etc/security/limits.d/fxmount.conf",
  );
}

/** A limit of inotify, which `import --watch` and every watching editor and build tool share. */
function inotify(name: string, min: number): Check {
  return (machine) => {
    const value = Number(machine.read(`/proc/sys/fs/inotify/${name}`)?.trim() || Number.NaN);
    if (!(value < min)) return ok(`inotify ${name}`, Number.isNaN(value) ? 'not known' : String(value));
    return lack(
      `inotify ${name}`,
      'advice',
      `${value}, less than ${min}`,
      asRoot(machine, `sysctl -w fs.inotify.${name}=${min * 8}`),
    );
  };
}

const CHECKS: readonly Check[] = [
  system,
  node,
  addon,
  index,
  toolchain,
  device,
  right,
  usersMount,
  allowOther,
  mounting,
  openFiles,
  inotify('max_user_watches', WATCHES_MIN),
  inotify('max_user_instances', INSTANCES_MIN),
];

/** Runs every check, in order. */
export async function examine(machine: Machine): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of CHECKS) {
    if (check === usersMount && machine.uid !== 0) continue;
    findings.push(await check(machine));
  }
  return findings;
}
