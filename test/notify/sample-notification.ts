import type { Notification } from '../../contract/notification';

export function notification(changes: Partial<Notification> = {}): Notification {
  return {
    id: 'n-1',
    type: 'failed',
    triggers: ['failed', 'exit-code'],
    at: '2026-11-24T09:30:00.000Z',
    run: {
      id: 'digits-1',
      name: 'digits',
      state: 'failed',
      reason: 'exit-code',
      message: 'The command ended with exit code 3.',
      attempt: 2,
      host: 'main',
      exitCode: 3,
      labels: { team: 'vision' },
      recipe: null,
    },
    ended: {
      attempt: 2,
      reason: 'exit-code',
      message: 'The command ended with exit code 3.',
      exitCode: 3,
      hint: 'No space: clean up.',
    },
    rule: null,
    ...changes,
  };
}
