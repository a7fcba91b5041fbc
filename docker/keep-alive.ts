/**
 * For a connection over TCP: a machine that vanishes without a word, as with its power or its cable, is noticed by the kernel
 * after this long, and ten probes more, a second apart. Whoever waits for an answer would wait for ever.
 */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 30_000 } as const;
