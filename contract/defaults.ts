/** How long a host may be unreachable where a policy does not say; also of runs that were admitted before it could. */
export const UNREACHABLE_DEFAULT = '30m';
