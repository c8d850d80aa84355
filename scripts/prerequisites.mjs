/**
 * What must be on the machine before anything is installed: a Node that is new enough, npm, a C++
 * toolchain for the addon, FUSE for mounting. Uses Node's builtins only and syntax that old versions
 * read, so that an old Node gets a message instead of a syntax error.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const NODE_MIN = [20, 19];

/** Whether an executable of this name, or at this path, is to be found. */
export function findsCommand(name) {
  const candidates = name.includes('/')
    ? [name]
    : (process.env.PATH || '').split(':').map((directory) => join(directory || '.', name));
  return candidates.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

function nodeProblem() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return undefined;
  return `Node ${NODE_MIN.join('.')} or newer is needed, this is ${process.versions.node}. Install it from nodejs.org, or run: nvm install 22`;
}

function deviceProblem() {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    if (error.code !== 'ENOENT') return '/dev/fuse may not be opened by this user. Run as root: chmod 666 /dev/fuse';
    return existsSync('/.dockerenv')
      ? '/dev/fuse is missing. Start the container with: docker run --device /dev/fuse --cap-add SYS_ADMIN --security-opt apparmor=unconfined'
      : '/dev/fuse is missing. Run as root: modprobe fuse';
  }
}

/** One line for each thing that is missing, with the command that supplies it. Empty when all is there. */
export function missingPrerequisites() {
  const problems = [];
  const node = nodeProblem();
  if (node) problems.push(node);
  if (process.platform !== 'linux') {
    problems.push(`fxmount mounts through Linux FUSE, this is ${process.platform}.`);
    return problems;
  }
  const packages = [];
  if (!findsCommand('npm')) packages.push('npm');
  if (!['c++', 'g++', process.env.CXX || 'clang++'].some(findsCommand)) packages.push('g++');
  if (!findsCommand(process.env.MAKE || 'make')) packages.push('make');
  if (!findsCommand(process.env.PYTHON || 'python3')) packages.push('python3');
  if (process.getuid() !== 0 && !findsCommand('fusermount3')) packages.push('fuse3');
  if (packages.length > 0) {
    const sudo = process.getuid() === 0 ? '' : 'sudo ';
    const list = packages.join(' ');
    problems.push(
      `${packages.join(', ')} ${packages.length > 1 ? 'are' : 'is'} missing. Run: ${sudo}apt-get install -y ${list}`,
    );
  }
  const device = deviceProblem();
  if (device) problems.push(device);
  return problems;
}

/** Prints what is missing and returns false, or returns true. */
export function checkPrerequisites() {
  const problems = missingPrerequisites();
  for (const problem of problems) console.error(problem);
  return problems.length === 0;
}
