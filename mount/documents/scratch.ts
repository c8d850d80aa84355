/**
 * Names that tools give to files of passing use: lock files, swap files, backups, temporary files that are
 * renamed over another in the end. A file of such a name never becomes a document.
 */
import type { Name } from '../../src/names.ts';

const SCRATCH: readonly { readonly tool: string; readonly pattern: RegExp }[] = [
  { tool: 'backups of vim, Emacs, joe and many more', pattern: /~$/ },
  { tool: 'swap files of vim', pattern: /^\..*\.sw[a-z]$|\.sw[px]$/ },
  { tool: 'the file with which vim probes a directory', pattern: /^4913$/ },
  { tool: 'locks and autosaves of Emacs', pattern: /^\.?#/ },
  { tool: 'locks of LibreOffice', pattern: /^\.~lock\..*#$/ },
  { tool: 'backups', pattern: /\.(?:bak|orig|rej|old|save|backup)$/i },
  { tool: 'temporary files', pattern: /\.(?:tmp|temp|part|partial|crdownload|lock|new)$/i },
  { tool: 'temporary files with a suffix', pattern: /\.(?:tmp|temp)(?:[.-][0-9A-Za-z_-]{1,16}|[0-9]+)$/ },
  { tool: 'sed -i', pattern: /^sed[0-9A-Za-z]{6}$/ },
  { tool: 'perl -i', pattern: /^XX[0-9A-Za-z]{8}$/ },
  { tool: 'GLib', pattern: /^\.goutputstream-/ },
  { tool: 'JetBrains', pattern: /___jb_(?:tmp|old|bak)___$/ },
  { tool: 'files that NFS and FUSE hide', pattern: /^\.(?:nfs|fuse_hidden)/ },
];

export function isScratchName(name: Name): boolean {
  return SCRATCH.some(({ pattern }) => pattern.test(name));
}
