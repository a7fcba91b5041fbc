const PREFIX = 'trainyard-unstarted-';

/**
 * The name of a container that is being removed and of which its engine says that it never ran. Whatever that makes of it from
 * then on, it counts as `created`: nobody takes it for the container of an attempt, reads its log or waits for its end, and whoever
 * comes by removes it. The name that it had is free for the next.
 */
export function unstartedName(id: string): string {
  return `${PREFIX}${id}`;
}

export function isUnstarted(name: string): boolean {
  return name.startsWith(PREFIX);
}
