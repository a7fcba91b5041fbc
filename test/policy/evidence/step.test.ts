import { highestStep } from '../../../policy/evidence/step';

describe('highestStep', () => {
  it.each([
    ['step 12', 12],
    ['step=12 loss=0.3', 12],
    ['Step: 12', 12],
    ['{"step": 12, "loss": 0.3}', 12],
    ["{'loss': 0.3, 'epoch': 3.0}", 3],
    ['{"epoch": 3, "epochs": 30}', 3],
    ['global_step: 1200', 1200],
    ['train step #7 done', 7],
    ['epoch 3/30', 3],
    ['Epoch [3/30], Step [100/938], Loss: 0.1', 3],
    ['Epoch 3: step 4711', 4711],
    ['iteration 40', 40],
    ['iter=41', 41],
    ['step 0', 0],
    ['epoch 2 of 30', 2],
  ])('reads %s', (line, step) => {
    expect(highestStep([line])).toBe(step);
  });

  it.each([
    'max_steps=10000',
    'epochs: 30',
    'num_epoch=30',
    'max_step: 500',
    'timestep 4',
    'step_size=3',
    'one more step',
    'step time: 12 s',
    '30 steps',
    'footstep 3',
    '',
  ])('reads nothing in %j', (line) => {
    expect(highestStep([line])).toBeNull();
  });

  it('takes the highest of all lines, wherever it stands', () => {
    expect(highestStep(['step 8', 'step 31 step 9', 'nothing', 'step 30'])).toBe(31);
    expect(highestStep([])).toBeNull();
  });

  it('counts steps that begin anew with each epoch by the epoch', () => {
    const lines = ['epoch 1/3', 'step 400/400', 'epoch 2/3', 'step 10/400'];
    expect(highestStep(lines)).toBe(2);
    expect(highestStep(['step 400/400'])).toBe(400);
  });

  it('reads as many as a log can have', () => {
    expect(highestStep([Array.from({ length: 300_000 }, (_, index) => `step ${index}`).join(' ')])).toBe(299_999);
  });
});
