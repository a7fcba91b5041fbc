import type { Fault } from './fault';
import type { NotifyTarget } from './spec-notify';

/**
 * What can be said of the targets of notifications without a server. Which secrets there are and which addresses may be
 * reached is the server's to say.
 */
export function checkNotify(targets: readonly NotifyTarget[]): Fault[] {
  return targets.flatMap(({ url, urlSecret }, index): Fault[] => {
    const path = `notify[${index}]`;
    if ((url === undefined) === (urlSecret === undefined)) {
      return [{ path, message: 'must have exactly one of `url` and `urlSecret`' }];
    }
    const problem = url === undefined ? undefined : urlProblem(url);
    return problem === undefined ? [] : [{ path: `${path}.url`, message: problem }];
  });
}

/** What is wrong with an address that notifications shall go to; undefined where nothing is. Never repeats the address. */
export function urlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return 'is no address over http or https; write one such as "https://hooks.example/runs"';
  }
  if (url.username === '' && url.password === '') return undefined;
  return 'must not hold a user or a password; keep the whole address in a secret of the server, and name it in `urlSecret`';
}
