/**
 * The command line by example: see golden/*.txt. Rewrite them with FXMOUNT_GOLDEN=rewrite.
 */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runGolden } from '../support/golden.ts';

const scripts = new URL('golden/', import.meta.url);

for (const name of readdirSync(scripts).sort()) {
  test(`${name} prints what it says`, { timeout: 180_000 }, async () => {
    const { expected, actual } = await runGolden(new URL(name, scripts).pathname);
    expect(actual).toBe(expected);
  });
}
