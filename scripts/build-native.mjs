/**
 * Builds native/build/Release/fxmount.node with the local node-gyp, without any download when Node's
 * headers lie beside the running node. Prints nothing unless it fails. Does nothing when the addon is
 * newer than its sources and was built for the same platform, architecture and ABI. `--force` builds anyway.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nativeDirectory = join(root, 'native');
const built = join(nativeDirectory, 'build', 'Release', 'fxmount.node');
const stamp = join(nativeDirectory, 'build', 'Release', 'fxmount.abi');
const abi = `${process.platform} ${process.arch} ${process.versions.modules}`;

/** Whether the built addon is newer than every source and belongs to this node. */
function fresh() {
  if (!existsSync(built) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== abi) return false;
  const sources = readdirSync(nativeDirectory).filter((name) => /\.(cc|h|gyp)$/.test(name));
  const builtMs = statSync(built).mtimeMs;
  return sources.every((name) => statSync(join(nativeDirectory, name)).mtimeMs <= builtMs);
}

/** The Debian packages that supply what is missing from PATH. */
function missingPackages() {
  const works = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
  const packages = [];
  if (!works(process.env.CXX ?? 'c++') && !works('g++')) packages.push('g++');
  if (!works(process.env.MAKE ?? 'make')) packages.push('make');
  if (!works(process.env.PYTHON ?? 'python3')) packages.push('python3');
  return packages;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function build() {
  const packages = missingPackages();
  if (packages.length > 0) {
    fail(`The native addon needs ${packages.join(', ')}. Run: apt-get install -y ${packages.join(' ')}`);
  }
  const gyp = join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  if (!existsSync(gyp)) fail(`${gyp} is missing. Run: npm ci`);

  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
  const result = spawnSync(process.execPath, [gyp, 'rebuild', '-C', nativeDirectory, ...headers], { encoding: 'utf8' });
  if (result.status !== 0) {
    process.stderr.write(result.stdout ?? '');
    process.stderr.write(result.stderr ?? '');
    if (headers.length === 0) console.error(`Node's headers are not in ${prefix}/include/node.`);
    fail(`The native addon could not be built${result.error ? `: ${result.error.message}` : ''}.`);
  }
  const warnings = (result.stderr ?? '').split('\n').filter((line) => /warning:/.test(line));
  if (warnings.length > 0) console.error(warnings.join('\n'));
  writeFileSync(stamp, abi);
}

if (process.argv.includes('--force') || !fresh()) build();
