/** What a host has to tell of a container that goes on; each is said when it begins and when it is over. */
export const NOTICE_TOPICS = ['engine-away', 'paused', 'log-disk-full', 'log-slowed'] as const;

export type NoticeTopic = (typeof NOTICE_TOPICS)[number];

/** Sent by the worker of a host as the signal `notice`. */
export interface HostNotice {
  attempt: number;
  /** Lease epoch of the container; a notice of an older one is passed over. */
  epoch: number;
  topic: NoticeTopic;
  /** One sentence for people, with what helps; null when it is over. */
  message: string | null;
}

/** Sent by the worker of a host as the signal `silent`: a container writes no line and no checkpoint. */
export interface SilenceReport {
  attempt: number;
  /** For how long it must have been silent to be reported; one that was judged by another limit is passed over. */
  silenceMs: number;
  /** Since when it is silent, by the clock of its engine. */
  since: string;
}
