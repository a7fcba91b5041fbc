import { commandNotRunnable } from '../../docker/init-failure';

const LINE = '[FATAL tini (7)] exec train.py failed: No such file or directory';

test('the line of the init tells what is wrong with the command', () => {
  expect(commandNotRunnable(127, ['before', LINE])).toBe('train.py: No such file or directory');
  expect(commandNotRunnable(126, ['[FATAL tini (7)] exec /etc failed: Permission denied'])).toBe(
    '/etc: Permission denied',
  );
});

test('a program that ends with the same code of its own accord was run', () => {
  expect(commandNotRunnable(127, ['sh: 1: nope: not found'])).toBeNull();
  expect(commandNotRunnable(127, [])).toBeNull();
  expect(commandNotRunnable(127, [LINE, 'and went on'])).toBeNull();
  expect(commandNotRunnable(1, [LINE])).toBeNull();
});
