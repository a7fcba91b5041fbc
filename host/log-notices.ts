import type { HostNotice } from '../contract/notice';

/** What a pump has to tell of a container that goes on; `message` is null when it is over. */
export type LogNotice = Pick<HostNotice, 'message'> & { topic: 'log-slowed' | 'log-disk-full' };

/** Tells each thing when it begins and when it is over, and nothing twice: each notice is an event of a workflow. */
export interface LogNotices {
  raise(notice: LogNotice & { message: string }): void;
  /** Over, unless it is raised again within the time, which the first call begins; by default at once. */
  clear(topic: LogNotice['topic'], afterMs?: number): void;
  /** Clears all that is raised. */
  close(): void;
}

export function createLogNotices(tell: (notice: LogNotice) => void): LogNotices {
  const raised = new Map<LogNotice['topic'], NodeJS.Timeout | undefined>();
  const over = (topic: LogNotice['topic']): void => {
    clearTimeout(raised.get(topic));
    if (raised.delete(topic)) tell({ topic, message: null });
  };
  return {
    raise: (notice) => {
      const isNew = !raised.has(notice.topic);
      clearTimeout(raised.get(notice.topic));
      raised.set(notice.topic, undefined);
      if (isNew) tell(notice);
    },
    clear: (topic, afterMs = 0) => {
      if (!raised.has(topic)) return;
      if (afterMs === 0) over(topic);
      else if (raised.get(topic) === undefined) raised.set(topic, setTimeout(over, afterMs, topic).unref());
    },
    close: () => {
      for (const topic of [...raised.keys()]) over(topic);
    },
  };
}
