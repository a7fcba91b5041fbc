import { faultOfConfigure, faultOfLimit } from '../../../policy/pool/check-messages';

const faultOf = (input: unknown): string | null => faultOfConfigure(input as never);

it.each([
  [
    { settings: { cpuOvercommit: 0.5 } },
    'settings.cpuOvercommit: must be at least 1; got 0.5; write a number from 1 to 100',
  ],
  [
    { change: { cpuOvercommit: 1_000 } },
    'change.cpuOvercommit: must be at most 100; got 1000; write a number from 1 to 100',
  ],
  [{ change: { maxQueued: 0 } }, 'change.maxQueued: must be at least 1; got 0; write a whole number from 1 to 100000'],
  [{ change: { fallback: 'maybe' } }, 'change.fallback: must be one of "none", "process"; got "maybe"'],
  [{ change: { preemption: 'no' } }, 'change.preemption: must be true or false; got "no"'],
  [
    { change: { ageingMs: '5m' } },
    'change.ageingMs: must be a whole number; got "5m"; write whole milliseconds such as 600000, or 0 for no ageing',
  ],
  [{ change: { ageing: '5m' } }, 'change.ageing: unknown field `ageing`; did you mean `ageingMs`?'],
  [
    { settings: { usageHalfLifeMs: 1 } },
    'settings.usageHalfLifeMs: must be at least 1000; got 1; write whole milliseconds from 1000',
  ],
  [
    { settings: { weights: { red: 0 } } },
    'settings.weights.red: must be above 0; got 0; write a number above 0, at most 1000',
  ],
  [
    { settings: { weights: { red: null } } },
    'settings.weights.red: must be a number; got nothing (null); write a number above 0, at most 1000',
  ],
  [
    { settings: { projectQuotas: { vision: { gpus: -1 } } } },
    'settings.projectQuotas.vision.gpus: must be at least 0; got -1; write a whole number from 0 to 1000000',
  ],
  [
    { settings: { projectQuotas: { vision: null } } },
    'settings.projectQuotas.vision: must be an object with named fields; got nothing (null); write limits such as {"gpus": 8, "runs": 20}',
  ],
  [
    { change: { ownerQuotas: { ada: { cpus: 'many' } } } },
    'change.ownerQuotas.ada.cpus: must be a number or null; got "many"; write a number from 0',
  ],
  [
    { change: { ownerQuotas: { ada: { gpu: 1 } } } },
    'change.ownerQuotas.ada.gpu: unknown field `gpu`; did you mean `gpus`?',
  ],
  [
    { settings: { projectQuotas: { 'No name': {} } } },
    'settings.projectQuotas["No name"]: "No name" cannot be a name here; write names as runs have them',
  ],
  [{ settings: 5 }, 'settings: must be an object with named fields; got 5; write settings such as {"maxQueued": 500}'],
  [{ change: { maxQueued: 0, preemption: 1 } }, 'change.maxQueued: must be at least 1'],
  [{ change: { maxQueued: 0, preemption: 1 } }, 'change.preemption: must be true or false'],
  [{ by: 'ada' }, 'settings or change must name what is to change, such as {"change": {"maxQueued": 500}}'],
  [null, 'settings or change must name what is to change'],
  ['faster', 'settings or change must name what is to change'],
])('settings that were sent by hand are refused with the field and its mend: %j', (input, fault) => {
  expect(faultOf(input)).toContain(fault);
});

it.each([
  { settings: { cpuOvercommit: 1.5, maxQueued: 10, ageingMs: 0, preemption: false, usageHalfLifeMs: 60_000 } },
  { settings: { weights: {}, projectQuotas: { '*': { queued: 0 } }, ownerQuotas: { 'ada@b.c': { cpus: 0.5 } } } },
  { change: { weights: { red: null }, projectQuotas: { red: { gpus: null, runs: 2 }, blue: null } }, by: 'ada' },
  { settings: { maxQueued: 1 }, change: null },
])('settings that make sense are taken: %j', (input) => {
  expect(faultOf(input)).toBeNull();
});

it.each([
  [{ limitMs: 1 }, 'runId must be the id of a run'],
  [{ runId: 'x', limitMs: '1h' }, 'limitMs must be a number of at least 0'],
  [{ runId: 'x', limitMs: -1 }, 'limitMs must be a number of at least 0'],
  [{ runId: 'x', limitMs: 3_600_000 }, null],
])('a limit that was sent by hand is looked at: %j', (input, fault) => {
  expect(faultOfLimit(input as never)).toBe(fault);
});
