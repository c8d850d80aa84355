/**
 * The command `fxmount doctor`. It runs also when the addon is missing: nothing it imports needs it.
 */
import type { Command } from 'commander';
import { examine, type Finding } from './doctor/checks.ts';
import { thisMachine } from './doctor/machine.ts';
import { EXIT_LACKING, EXIT_OK } from './exit-codes.ts';
import { printable, printJson, printLine } from './output.ts';

const MARKS = { ok: 'ok', advice: 'note', problem: 'LACKS' } as const;

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .summary('tell what this machine lacks, and the command that mends it')
    .description(
      'Checks everything that fxmount needs of this machine, mounts for a moment to prove it, and names the command ' +
        `that mends what is missing. Ends with exit code ${EXIT_LACKING} when fxmount cannot mount here; notes, on what is only ` +
        'limited, leave it at 0.',
    )
    .option('--json', 'print one JSON object a line: check, status (ok, advice, problem), found, remedy')
    .addHelpText('after', '\nExamples:\n  $ fxmount doctor\n  $ fxmount doctor --json | grep problem\n')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await examine(thisMachine);
      for (const finding of findings) await (json === true ? printJson(finding) : printLine(lineOf(finding)));
      const lacks = findings.some(({ status }) => status === 'problem');
      process.exitCode = lacks ? EXIT_LACKING : EXIT_OK;
    });
}

function lineOf({ check, status, found, remedy }: Finding): string {
  const mend = remedy === undefined ? '' : `\n       mend it: ${printable(remedy)}`;
  return `${MARKS[status].padEnd(6)} ${check}: ${printable(found)}${mend}`;
}
