/**
 * Opens a store as a daemon does, and says how long that took and what memory it takes.
 *
 *     node open.js STORE      prints one JSON object
 */
import { openStore } from '../../src/store/open.ts';
import { residentMb } from './build.ts';

const before = residentMb('self');
const start = performance.now();
const store = await openStore(process.argv[2] ?? '');
const openMs = performance.now() - start;
console.log(JSON.stringify({ openMs, beforeMb: before, residentMb: residentMb('self') }));
await store.close();
