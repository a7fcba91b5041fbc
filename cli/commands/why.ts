import type { Command } from 'commander';

import type { RunExplanation } from '../../contract/pool-http';
import { explanationRows } from '../explanation';
import { findRunId, runPath } from '../find-run';
import { labelled } from '../format';
import { apiOf, type Context, printJson, wantsJson } from './context';

export function addWhyCommand(program: Command, { io }: Context): void {
  program
    .command('why')
    .summary('tell what a run waits for, and what would free it')
    .argument('<id>', 'id of the run, or its beginning')
    .action(async (typed: string, _: object, command: Command) => {
      const api = apiOf(command);
      const id = await findRunId(api, typed);
      const explanation = await api.get<RunExplanation>(`${runPath(id)}/explain`);
      if (wantsJson(command)) return printJson(io, explanation);
      const { state, pool, sentence } = explanation;
      const rows = [
        ['id', id],
        ['state', state],
        ['pool', pool],
        ['why', sentence],
      ] as const;
      io.out(`${labelled([...rows, ...explanationRows(explanation, Date.now())]).join('\n')}\n`);
    });
}
