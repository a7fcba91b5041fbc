import type { Health } from '../contract/http';
import { fail, type Finding, messageOf, ok, warn } from './finding';

const ANSWER_WITHIN_MS = 5_000;

/** Whether the server answers, and what it says of its parts. */
export async function checkApi(serverUrl: string): Promise<Finding[]> {
  try {
    const response = await fetch(`${serverUrl.replace(/\/+$/, '')}/health`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const { status, parts } = (await response.json()) as Health;
    const sick = Object.entries(parts).filter(([, part]) => !part.ok);
    const finding = `${serverUrl} answers: ${status}.`;
    return [ok('Server', finding), ...sick.map(([name, { detail }]) => partFinding(name, detail))];
  } catch (error) {
    return [
      warn(
        'Server',
        `None answers at ${serverUrl} (${causeOf(error)}).`,
        'Start one with "trainyard up", or name another with --server.',
      ),
    ];
  }
}

function partFinding(name: string, detail: string): Finding {
  return fail(`Server: ${name}`, detail, 'See the findings about it here, and the logs in <data>/server.');
}

/** fetch hides what went wrong in the cause of its error. */
function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
