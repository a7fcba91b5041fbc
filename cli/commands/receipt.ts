import type { Command } from 'commander';
import { stringify } from 'yaml';

import type { Receipt, ReceiptAttempt } from '../../contract/receipt';
import { findRunId, runPath } from '../find-run';
import { color, labelled } from '../format';
import type { Io } from '../io';
import { apiOf, type Context, printJson, wantsJson } from './context';

export function addReceiptCommand(program: Command, { io }: Context): void {
  program
    .command('receipt')
    .summary('show what a run was made of and what it ran on')
    .description(
      'The spec of a run with its hash, and of each attempt the image, the host, its Docker Engine, kernel and GPU driver. With --json it is for keeping: keys are sorted, and once the run has ended it stays the same.',
    )
    .argument('<id>', 'id of the run, or its beginning')
    .action(async (typed: string, _: object, command: Command) => {
      const api = apiOf(command);
      const receipt = await api.get<Receipt>(`${runPath(await findRunId(api, typed))}/receipt`);
      if (wantsJson(command)) return printJson(io, receipt);
      io.out(`${describeReceipt(receipt, io).join('\n')}\n`);
    });
}

function describeReceipt(receipt: Receipt, io: Io): string[] {
  const heading = (text: string): string[] => ['', color(text, 1, io.colors)];
  return [
    ...labelled([
      ['id', receipt.id],
      ['name', receipt.name],
      ['state', receipt.state],
      ['recipe', receipt.recipe],
      ['policy', receipt.policy],
      ['rerun of', receipt.rerunOf],
      ['spec hash', receipt.specHash],
      ['trainyard', receipt.trainyard],
    ]),
    ...receipt.attempts.flatMap((attempt) => [...heading(`Attempt ${attempt.number}`), ...describeAttempt(attempt)]),
    ...(receipt.spec === null ? [] : [...heading('Spec'), stringify(receipt.spec).trimEnd()]),
  ];
}

function describeAttempt(attempt: ReceiptAttempt): string[] {
  const machine = [attempt.kernel, attempt.architecture].filter((part) => part !== null).join(' ');
  return labelled([
    ['host', attempt.host],
    ['as', attempt.form === 'process' ? 'local process, without the image' : null],
    ['image', attempt.form === 'process' ? null : attempt.image],
    ['image id', attempt.imageId],
    ['digest', attempt.imageDigest],
    ['engine', attempt.engineVersion],
    ['kernel', machine],
    ['GPU driver', attempt.gpuDriver],
    ...attempt.changes.map((change): [string, string] => ['changed', change]),
    ['started', attempt.startedAt],
    ['ended', attempt.endedAt],
    ['reason', attempt.reason],
    ['exit code', attempt.exitCode === null ? null : String(attempt.exitCode)],
  ]);
}
