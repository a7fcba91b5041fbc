import type { Command } from 'commander';

import { RUN_STATES, type RunState } from '../../contract/state';
import type { Query } from '../api-client';
import { labelFilter, states } from './arguments';
import { collect } from './context';

/** Options that choose runs, by the names of the API's filters. */
export interface RunFilters {
  state?: RunState[];
  recipe?: string;
  schedule?: string;
  rerunOf?: string;
  owner?: string;
  project?: string;
  pool?: string;
  gangOf?: string;
  label?: string[];
  text?: string;
  createdAfter?: string;
  createdBefore?: string;
}

const INSTANT_HELP = 'a time such as 2026-11-24T03:42:31Z';

/** @param text flags of the option for a part of the id or the name, whose short form another option may have. */
export function addRunFilters(command: Command, text: '--text <text>' | '-t, --text <text>'): Command {
  return command
    .option('-s, --state <state>', `only runs in this state (${RUN_STATES.join(', ')}); repeatable`, states)
    .option('-r, --recipe <name>', 'only runs of this recipe')
    .option('--schedule <name>', 'only runs that this schedule started')
    .option('--rerun-of <id>', 'only reruns of this run')
    .option('--owner <name>', 'only runs of this owner')
    .option('--project <name>', 'only runs of this project')
    .option('--pool <name>', 'only runs of this pool')
    .option('--gang-of <id>', 'only the nodes of this gang that are runs of their own: all but that of rank 0')
    .option('-l, --label <name=value>', 'only runs with this label; repeatable', collect)
    .option(text, 'only runs with this in their id or name')
    .option('--created-after <time>', `only runs that were submitted after ${INSTANT_HELP}`)
    .option('--created-before <time>', `only runs that were submitted before ${INSTANT_HELP}`);
}

/** As the API takes them; the other options stay as they are. */
export function runFiltersOf<Options extends RunFilters>({ state, label, ...rest }: Options): Query {
  return { ...(rest as Query), state: state?.join(','), label: label?.map(labelFilter) };
}
