/** How long a host may be unreachable where a policy does not say; also of runs that were admitted before it could. */
export const UNREACHABLE_DEFAULT = '30m';

/** The signal of a warning before a limit, where a policy names none. */
export const WARN_SIGNAL_DEFAULT = 'SIGUSR1';
