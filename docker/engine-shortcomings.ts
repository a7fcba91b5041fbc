import type { EngineInfo } from './engine';

/** What an engine lacks that Trainyard works without, but not as well; `doctor` and the report of a host tell it. */
export interface Shortcoming {
  /** A sentence. */
  finding: string;
  /** What to do about it, a sentence. */
  mend: string;
}

/** From this version of its API on (Engine 24) a log that is resumed loses no line. */
const API_WANTED = [1, 43] as const;

export function shortcomingsOf(info: EngineInfo): Shortcoming[] {
  return [oldApi(info), noLiveRestore(info), noLimits(info)].filter((each) => each !== null);
}

export function oldApi({ version, apiVersion }: EngineInfo): Shortcoming | null {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  if (major > API_WANTED[0] || (major === API_WANTED[0] && minor >= API_WANTED[1])) return null;
  return {
    finding: `Engine ${version} has API ${apiVersion}: before API ${API_WANTED.join('.')} a log that is resumed after a restart can miss lines.`,
    mend: 'Install Docker Engine 24 or later.',
  };
}

export function noLiveRestore({ liveRestore }: EngineInfo): Shortcoming | null {
  if (liveRestore) return null;
  return {
    finding: 'Live-restore is off: a restart of the Docker Engine kills every training.',
    mend: 'Put "live-restore": true into /etc/docker/daemon.json and reload the engine (systemctl reload docker, or SIGHUP).',
  };
}

export function noLimits({ warnings }: EngineInfo): Shortcoming | null {
  const missing = warnings.filter(
    (text) => /no (memory|cpu|pids|kernel memory) /i.test(text) && !/swap|kernel memory/i.test(text),
  );
  if (missing.length === 0) return null;
  return {
    finding: `The engine cannot hold containers to their limits: ${missing.join('; ')}.`,
    mend: 'Mount control groups with the memory, cpu and pids controllers on that machine, and restart the engine.',
  };
}
