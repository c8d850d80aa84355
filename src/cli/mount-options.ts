/**
 * Options as mount(8) and /etc/fstab write them, as options of `fxmount mount`.
 *
 * `name=value` and `name` that `fxmount mount` has itself (`sync=always`, `allow_other`) are taken over by their
 * names; the table has the rest. A later option overrides an earlier one. Backslash or quotes keep a comma in a value.
 *
 * mount(8) does not tell its helpers of `suid` and `dev`, which it takes for the default; mount.fuse3 always adds them.
 * So what they say is not what the user said: `allow_suid` and `allow_dev` are.
 */
import type { Command, Option } from 'commander';
import { FxError } from '../errors.ts';

interface Meaning {
  /** Option of `fxmount mount`, by its long name without dashes, and its value; absent when there is nothing to do. */
  readonly sets?: readonly [name: string, value: string | boolean];
  readonly meaning: string;
}

const nothing = (meaning: string): Meaning => ({ meaning });

/** What mount(8) names otherwise than `fxmount mount`, or handles by itself before it calls us. */
export const FSTAB_OPTIONS: Readonly<Record<string, Meaning>> = {
  ro: { sets: ['read-only', true], meaning: 'as --read-only' },
  rw: { sets: ['read-only', false], meaning: 'the default' },
  allow_suid: { sets: ['suid', true], meaning: 'as --suid' },
  allow_dev: { sets: ['dev', true], meaning: 'as --dev' },
  suid: { sets: ['suid', true], meaning: 'as --suid; mount(8) keeps it to itself, so write allow_suid' },
  nosuid: { sets: ['suid', false], meaning: 'the default' },
  dev: { sets: ['dev', true], meaning: 'as --dev; mount(8) keeps it to itself, so write allow_dev' },
  nodev: { sets: ['dev', false], meaning: 'the default' },
  noexec: { sets: ['no-exec', true], meaning: 'as --no-exec' },
  exec: { sets: ['no-exec', false], meaning: 'the default' },
  sync: { sets: ['sync', 'always'], meaning: 'as sync=always' },
  noatime: { sets: ['atime', 'noatime'], meaning: 'as atime=noatime' },
  relatime: { sets: ['atime', 'relatime'], meaning: 'as atime=relatime' },
  strictatime: { sets: ['atime', 'strictatime'], meaning: 'as atime=strictatime' },
  defaults: nothing('nothing'),
  async: nothing('nothing'),
  auto: nothing('mounted at boot'),
  noauto: nothing('not mounted at boot'),
  nofail: nothing('boot goes on when mounting fails'),
  _netdev: nothing('mounted when the network is up'),
  user: nothing('any user may mount it'),
  users: nothing('any user may mount and unmount it'),
  nouser: nothing('only root may mount it'),
  owner: nothing('the owner of the source may mount it'),
  group: nothing('the group of the source may mount it'),
  default_permissions: nothing('always so'),
  nodiratime: nothing('nothing'),
  diratime: nothing('nothing'),
};

/** Names that belong to others: systemd.mount(5), mount(8), and who mounted. */
const FOREIGN = /^(x-|X-|comment=|user=|uhelper=|helper=)/;

/** Splits at commas that neither backslash nor quotes keep, and takes these away. */
function split(list: string): string[] {
  return [...list.matchAll(/(?:"[^"]*"|\\.|[^,\\])+/gs)].map(([item]) =>
    item.replace(/"([^"]*)"/g, '$1').replace(/\\([\\,])/g, '$1'),
  );
}

function optionOf(command: Command, name: string): Option | undefined {
  const long = `--${name.replaceAll('_', '-')}`;
  return command.options.find((option) => option.long === long && !option.hidden);
}

function unknown(item: string): FxError {
  return new FxError('INVALID', `the mount option ${item} is unknown; "fxmount mount --help" and fxmount(1) list them`);
}

/**
 * Arguments for `command`, which is `fxmount mount`, that mean what `list` says. INVALID for an unknown option, unless
 * `sloppy` (mount -s): it is then left out.
 */
export function mountArguments(command: Command, list: string, sloppy: boolean): string[] {
  const set = new Map<string, string | boolean>();
  for (const item of split(list)) {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(item) ?? [];
    if (name === 'remount')
      throw new FxError(
        'NOT_SUPPORTED',
        'a mount is not changed in place; unmount it, and mount it with the new options',
      );
    if (FOREIGN.test(item)) continue;
    const known = value === undefined && Object.hasOwn(FSTAB_OPTIONS, name) ? FSTAB_OPTIONS[name] : undefined;
    if (known !== undefined) {
      if (known.sets !== undefined) set.set(...known.sets);
      continue;
    }
    const option = optionOf(command, name);
    // An option with a value needs one, a flag has none.
    if (option !== undefined && option.required === (value !== undefined) && option.short === undefined) {
      set.set((option.long ?? '').slice(2), value ?? true);
    } else if (!sloppy) throw unknown(item);
  }
  return [...set].flatMap(([name, value]) => {
    if (value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, value];
  });
}
