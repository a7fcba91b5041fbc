import { renderTemplates, unknownParams } from '../../contract/template';

const params = { epochs: 3, rate: 0.5, fast: true, text: '{{params.epochs}}' };

it('puts parameters into the command and the environment', () => {
  const command = ['train', '--epochs={{params.epochs}}', '{{ params.rate }}/{{params.fast}}'];
  expect(renderTemplates({ command, env: { N: 'n={{params.epochs}}' }, params })).toEqual({
    command: ['train', '--epochs=3', '0.5/true'],
    env: { N: 'n=3' },
  });
});

it('has no command where the spec has none', () => {
  expect(renderTemplates({ env: {}, params })).toEqual({ env: {} });
});

it('does not look into what it put in', () => {
  expect(renderTemplates({ command: ['{{params.text}}'], env: {}, params }).command).toEqual(['{{params.epochs}}']);
});

it.each(['{{.Names}}', '{{ other }}', '{params.epochs}', '{{params.epochs}', '{{}}', 'a}}b{{c'])(
  'leaves %s alone',
  (text) => {
    expect(renderTemplates({ command: [text], env: {}, params }).command).toEqual([text]);
    expect(unknownParams(text, params)).toEqual([]);
  },
);

it('finds placeholders without a parameter, also those named after what every object has', () => {
  expect(unknownParams('{{params.epochs}} {{params.x}} {{params.toString}} {{params.}}', params)).toEqual([
    'x',
    'toString',
    '',
  ]);
});

it('refuses to leave a placeholder empty', () => {
  expect(() => renderTemplates({ command: ['{{params.x}}'], env: {}, params })).toThrow(RangeError);
});
