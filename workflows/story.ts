import type { CallOptions } from './calls';
import type { NoticeTopic } from '../contract/notice';
import { shorten } from '../contract/path';
import type { Attempt, Run } from '../contract/run';
import type { RunSpec } from '../contract/spec';
import { describeEnding, type StopCause } from '../policy/outcome';

/** Texts for people who look at a run in the Temporal Web UI. */

/** The run as markdown: what it is, where it stands, what its attempts came to. */
export function tellStory(run: Run, attempts: readonly Attempt[]): string {
  const lines = [
    `**${run.name}** is **${run.state}**${run.message ? `: ${run.message}` : ''}`,
    '',
    `- image \`${run.image}\`${run.imageDigest ? ` at \`${run.imageDigest}\`` : ''}`,
    ...(run.host ? [`- host ${run.host}`] : []),
    ...(run.recipe ? [`- recipe ${run.recipe}`] : []),
    ...(run.rerunOf ? [`- rerun of ${run.rerunOf}`] : []),
    ...(run.schedule ? [`- schedule ${run.schedule}`] : []),
    ...(run.policy ? [`- policy ${run.policy}`] : []),
    ...Object.entries(run.params).map(([name, value]) => `- ${name}: ${value}`),
    ...attempts.map(tellAttempt),
  ];
  return lines.join('\n');
}

function tellAttempt(attempt: Attempt): string {
  const form = attempt.form === 'process' ? 'as **local process, without a container**' : 'in container';
  const container = attempt.containerId ? ` ${form} \`${attempt.containerId.slice(0, 12)}\`` : '';
  const log = attempt.logLines === null ? '' : ` Log: ${attempt.logLines} lines, ${attempt.logGaps} gaps.`;
  const changes = attempt.changes.length > 0 ? ` with ${attempt.changes.join(', ')}` : '';
  return `- attempt ${attempt.number}${container}${changes}: ${attempt.message ?? 'under way.'}${tellEvidence(attempt)}${log}`;
}

/** The exception and the hint, in short; all of it is in the answers of the API. */
function tellEvidence({ evidence }: Attempt): string {
  const { traceback = null, hint = null } = evidence ?? {};
  const exception = traceback && clip(`${traceback.type}: ${traceback.message}`.replace(/[`\s]+/g, ' ').trim());
  return `${exception === null ? '' : ` \`${exception}\``}${hint === null ? '' : ` ${hint.sentence}`}`;
}

/** Why a container is asked to end, while it is still there: nothing is said to be so that is only wanted. */
export function tellStop({ reason, detail }: StopCause): string {
  return `${whyStopped({ reason, detail })} Waits for the container to end.`;
}

function whyStopped({ reason, detail }: StopCause): string {
  if (reason === 'suspended') return `Suspension was requested by ${detail.by}.`;
  if (reason === 'preempted') return `Is to give its place back: ${detail.detail}.`;
  return describeEnding({ reason, exitCode: null, detail });
}

/**
 * What becomes of a suspended run when it is resumed.
 *
 * @param checkpoint the newest; null: there is none; undefined: no host has looked.
 */
export function tellResumption(spec: RunSpec, checkpoint: string | null | undefined): string {
  if (spec.checkpoint === undefined) {
    return 'WARNING: it has no folder for checkpoints (`checkpoint` in its spec); when it is resumed it begins anew, but for what it keeps itself.';
  }
  if (checkpoint === undefined) return 'WARNING: no host could look for its checkpoints; without one it begins anew.';
  if (checkpoint === null) return 'WARNING: no checkpoint was seen; when it is resumed it begins anew.';
  return `When it is resumed it goes on from its checkpoint ${checkpoint}.`;
}

/** All that people must know of a container, or a local process, that runs; null where there is nothing. */
export function tellNotices(warning: string | null, open: ReadonlyMap<NoticeTopic, string>): string | null {
  return [warning, ...open.values()].filter(Boolean).join(' ') || null;
}

/** What a run says of itself as long as it is a local process. */
export function localProcessWarning(host: string, engineAwaySince: string | undefined): string {
  const since = engineAwaySince === undefined ? '' : ` since ${engineAwaySince}`;
  return `NO CONTAINER: runs as a local process on ${host}, without the image and without a container, because the Docker Engine there has been away${since}.`;
}

/** One line for each activity of an attempt. */
export function summarise(spec: RunSpec, host: string, attempt: number): CallOptions['summaries'] {
  const command = spec.command ? spec.command.join(' ') : "the image's own command";
  return {
    reachHost: `Wait until ${host} answers again`,
    pullImage: `Get ${spec.image} ready on ${host} (${spec.pullPolicy})`,
    startContainer: clip(`Attempt ${attempt} on ${host}: ${command}`),
    followContainer: `Stream the logs of attempt ${attempt} on ${host} until it ends`,
    signalContainer: `Warn the program of attempt ${attempt} of the end of a limit`,
    stopContainer: `Stop attempt ${attempt}: SIGTERM`,
    cleanUp: `Remove what attempt ${attempt} left on ${host}`,
  };
}

/** The Web UI keeps a summary to 200 bytes. */
function clip(text: string): string {
  return shorten(text, 180);
}
