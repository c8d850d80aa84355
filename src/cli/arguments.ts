/**
 * The arguments of the command line, whatever their bytes.
 *
 * Node decodes arguments as UTF-8 and replaces what is none. The kernel keeps the bytes in
 * /proc/self/cmdline (proc(5)); from there they come as text in which such bytes are lone surrogates, as
 * everywhere in fxmount (src/names.ts).
 */
import { readFileSync } from 'node:fs';
import { nameToText } from '../names.ts';

export function commandArguments(): string[] {
  const args = process.argv.slice(2);
  if (!args.some((arg) => arg.includes('\ufffd'))) return args;
  try {
    const raw = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
    return args.length === 0 ? [] : raw.slice(-args.length).map(nameToText);
  } catch {
    return args;
  }
}
