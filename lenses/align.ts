/**
 * Alignment of two sequences: which item of the one is which of the other.
 *
 * Longest common subsequence by Myers' O(ND) algorithm ("An O(ND) Difference Algorithm and Its Variations",
 * 1986), after common ends are cut off; with a bound on D, over which only the common ends count.
 */

/** Differences up to which the longest common subsequence is sought: bounds time by items times this. */
const DIFFERENCES_MAX = 512;

/**
 * For each item of `next` the index of the item of `base` that it continues, or -1. Indices rise: items that
 * changed places are paired once at most. Items are equal when their labels are.
 */
export function alignLabels(base: readonly string[], next: readonly string[]): Int32Array {
  const pairs = new Int32Array(next.length).fill(-1);
  const shorter = Math.min(base.length, next.length);
  let head = 0;
  while (head < shorter && base[head] === next[head]) pairs[head] = head++;
  let tail = 0;
  while (tail < shorter - head && base[base.length - 1 - tail] === next[next.length - 1 - tail]) {
    tail++;
    pairs[next.length - tail] = base.length - tail;
  }
  const a = base.slice(head, base.length - tail);
  const b = next.slice(head, next.length - tail);
  if (a.length > 0 && b.length > 0) myers(intern(a, b), (i, j) => (pairs[head + j] = head + i));
  return pairs;
}

function intern(a: readonly string[], b: readonly string[]): { a: Int32Array; b: Int32Array } {
  const numbers = new Map<string, number>();
  const number = (label: string): number => {
    const known = numbers.get(label) ?? numbers.size;
    numbers.set(label, known);
    return known;
  };
  return { a: Int32Array.from(a, number), b: Int32Array.from(b, number) };
}

function myers({ a, b }: { a: Int32Array; b: Int32Array }, pair: (i: number, j: number) => void): void {
  const bound = Math.min(a.length + b.length, DIFFERENCES_MAX);
  const trace: Int32Array[] = [];
  const furthest = new Int32Array(2 * bound + 3);
  for (let d = 0; d <= bound; d++) {
    trace.push(furthest.slice(bound - d, bound + d + 3));
    for (let k = -d; k <= d; k += 2) {
      const at = bound + 1 + k;
      const down = k === -d || (k !== d && (furthest[at - 1] as number) < (furthest[at + 1] as number));
      let x = down ? (furthest[at + 1] as number) : (furthest[at - 1] as number) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest[at] = x;
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a.length, b.length, pair);
    }
  }
}

/** Walks the recorded frontiers back from the ends. `trace[d]` covers the diagonals -d-1 to d+1. */
function walkBack(trace: readonly Int32Array[], n: number, m: number, pair: (i: number, j: number) => void): void {
  let x = n;
  let y = m;
  for (let d = trace.length - 1; d > 0; d--) {
    const frontier = trace[d] as Int32Array;
    const at = x - y + d + 1;
    const down = x - y === -d || (x - y !== d && (frontier[at - 1] as number) < (frontier[at + 1] as number));
    const k = down ? x - y + 1 : x - y - 1;
    const fromX = frontier[k + d + 1] as number;
    const fromY = fromX - k;
    while (x > fromX + (down ? 0 : 1) && y > fromY + (down ? 1 : 0)) pair(--x, --y);
    x = fromX;
    y = fromY;
  }
  while (x > 0 && y > 0) pair(--x, --y);
}

/**
 * Pairs what `alignLabels` left over: in each gap between paired items, the first free item of `base` with the
 * first of `next`, and so on. `free` tells which items of `base` may be taken so.
 */
export function pairByPosition(
  pairs: Int32Array,
  baseLength: number,
  free: (baseIndex: number, nextIndex: number) => boolean,
): void {
  let from = 0;
  for (let j = 0; j < pairs.length; ) {
    if ((pairs[j] as number) >= 0) {
      from = (pairs[j++] as number) + 1;
      continue;
    }
    let end = j;
    while (end < pairs.length && (pairs[end] as number) < 0) end++;
    const until = end < pairs.length ? (pairs[end] as number) : baseLength;
    for (; j < end && from < until; j++, from++) if (free(from, j)) pairs[j] = from;
    j = end;
  }
}
