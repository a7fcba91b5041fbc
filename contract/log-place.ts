/** Header of the answer to a follow: the number of the line that it begins at, for whoever is cut off before the first one. */
export const LOG_FROM_HEADER = 'trainyard-log-from';
