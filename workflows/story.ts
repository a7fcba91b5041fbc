import type { CallOptions } from './calls';
import type { NoticeTopic } from '../contract/notice';
import type { Attempt, Run } from '../contract/run';
import type { RunSpec } from '../contract/spec';

/** Texts for people who look at a run in the Temporal Web UI. */

/** The run as markdown: what it is, where it stands, what its attempts came to. */
export function tellStory(run: Run, attempts: readonly Attempt[]): string {
  const lines = [
    `**${run.name}** is **${run.state}**${run.message ? `: ${run.message}` : ''}`,
    '',
    `- image \`${run.image}\`${run.imageDigest ? ` at \`${run.imageDigest}\`` : ''}`,
    ...(run.host ? [`- host ${run.host}`] : []),
    ...(run.recipe ? [`- recipe ${run.recipe}`] : []),
    ...(run.schedule ? [`- schedule ${run.schedule}`] : []),
    ...Object.entries(run.params).map(([name, value]) => `- ${name}: ${value}`),
    ...attempts.map(tellAttempt),
  ];
  return lines.join('\n');
}

function tellAttempt(attempt: Attempt): string {
  const container = attempt.containerId ? ` in container \`${attempt.containerId.slice(0, 12)}\`` : '';
  const log = attempt.logLines === null ? '' : ` Log: ${attempt.logLines} lines, ${attempt.logGaps} gaps.`;
  return `- attempt ${attempt.number}${container}: ${attempt.message ?? 'under way.'}${log}`;
}

/** All that the host has to tell of a container that runs; null where there is nothing. */
export function tellNotices(open: ReadonlyMap<NoticeTopic, string>): string | null {
  return [...open.values()].join(' ') || null;
}

/** One line for each activity of an attempt. */
export function summarise(spec: RunSpec, host: string, attempt: number): CallOptions['summaries'] {
  const command = spec.command ? spec.command.join(' ') : "the image's own command";
  return {
    reachHost: `Wait until ${host} answers again`,
    pullImage: `Get ${spec.image} ready on ${host} (${spec.pullPolicy})`,
    startContainer: clip(`Attempt ${attempt} on ${host}: ${command}`),
    followContainer: `Stream the logs of attempt ${attempt} on ${host} until it ends`,
    stopContainer: `Stop attempt ${attempt}: SIGTERM, ${spec.policy.timeouts.grace} of grace, SIGKILL`,
    cleanUp: `Remove what attempt ${attempt} left on ${host}`,
  };
}

/** The Web UI keeps a summary to 200 bytes. */
function clip(text: string): string {
  return text.length <= 180 ? text : `${text.slice(0, 179)}…`;
}
