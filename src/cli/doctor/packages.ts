/**
 * How this system installs a package: by os-release(5), with the names that its distribution uses.
 */
import type { Machine } from './machine.ts';

/** What fxmount may ask for, by Debian's names. */
export type PackageName = 'fuse3' | 'g++' | 'make' | 'python3';

interface Installer {
  readonly ids: readonly string[];
  readonly command: string;
  readonly names: Readonly<Partial<Record<PackageName, string>>>;
}

const DEBIAN: Installer = { ids: ['debian', 'ubuntu'], command: 'apt-get install -y', names: {} };
const INSTALLERS: readonly Installer[] = [
  DEBIAN,
  { ids: ['fedora', 'rhel', 'centos'], command: 'dnf install -y', names: { 'g++': 'gcc-c++' } },
  { ids: ['arch'], command: 'pacman -S --needed', names: { 'g++': 'gcc', python3: 'python' } },
  { ids: ['alpine'], command: 'apk add', names: {} },
  { ids: ['suse', 'opensuse'], command: 'zypper install -y', names: { 'g++': 'gcc-c++' } },
];

/** The command that installs `names`, as Debian calls them where the system is not known. */
export function installCommand(machine: Machine, names: readonly PackageName[]): string {
  const release = machine.read('/etc/os-release') ?? '';
  const ids = [...release.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap(([, list]) => (list ?? '').split(' '));
  const installer = INSTALLERS.find((each) => each.ids.some((id) => ids.includes(id))) ?? DEBIAN;
  return asRoot(machine, `${installer.command} ${names.map((name) => installer.names[name] ?? name).join(' ')}`);
}

/** A command that only root may run. */
export function asRoot(machine: Machine, command: string): string {
  return machine.uid === 0 ? command : `sudo ${command}`;
}
