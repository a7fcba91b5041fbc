/** A number and what it counts, as people say it: `1 GPU`, `2 GPUs`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
