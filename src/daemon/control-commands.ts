/**
 * The commands that `/.fx/ctl` takes: a word, then what it is about.
 */
import type { CommandRunner } from '../../mount/commands.ts';
import { FxError } from '../errors.ts';
import { nameFromText } from '../names.ts';
import type { Store } from '../store/store.ts';
import { resolve } from '../tree/address.ts';
import { encode } from '../uarr/v2.ts';
import { fromJs } from '../uarr/value.ts';

const FORMS = 'checkpoint, status, revert PATH, discard PATH, force PATH, emit PATH NAME [JSON]';
const EMIT = /^(\S+)\s+(\S+)(?:\s+(.+))?$/;

/** Commands on `store`, for the user that this process is. */
export function controlCommands(store: Store): CommandRunner {
  const owner = process.getuid?.() ?? 0;
  return {
    owner,
    async run(command, act) {
      const [word = ''] = command.split(/\s/, 1);
      const rest = command.slice(word.length).trim();
      if (word === 'checkpoint' || word === 'status') {
        if (rest !== '') throw new FxError('INVALID', `${word} stands alone`);
        if (word === 'checkpoint') await store.checkpoint();
        const { nodes, durableSeq, checkpointSeq } = store.totals;
        return JSON.stringify({ command: word, seq: store.seq, nodes, durableSeq, checkpointSeq });
      }
      if (word === 'revert' || word === 'discard' || word === 'force') {
        if (rest === '') throw new FxError('INVALID', `${word} needs the path of a document`);
        act(resolve(store, rest).ino, word);
        return JSON.stringify({ command: word, path: rest, seq: store.seq });
      }
      if (word === 'emit') return emit(store, rest);
      throw new FxError('INVALID', `there is no such command; the commands are ${FORMS}`);
    },
  };
}

function emit(store: Store, text: string): string {
  const [, path, name, json = 'null'] = EMIT.exec(text) ?? [];
  if (path === undefined || name === undefined) throw new FxError('INVALID', 'emit needs PATH NAME [JSON]');
  let payload: unknown;
  try {
    payload = JSON.parse(json);
  } catch (error) {
    throw new FxError('INVALID', `the payload is no JSON: ${(error as Error).message}`);
  }
  store.signal(resolve(store, path), nameFromText(name), encode(fromJs(payload)));
  return JSON.stringify({ command: 'emit', path, name, seq: store.seq });
}
