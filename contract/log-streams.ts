/** Where a line of a log comes from: the two streams of a training, and what Trainyard itself has written between them. */
export const LOG_STREAMS = ['stdout', 'stderr', 'system'] as const;

export type LogStream = (typeof LOG_STREAMS)[number];
