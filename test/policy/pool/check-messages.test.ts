import {
  faultOfClaim,
  faultOfClaims,
  faultOfConfigure,
  faultOfHostChange,
  faultOfLimit,
  faultOfReprioritise,
  faultOfReservation,
  faultOfUnreserve,
} from '../../../policy/pool/check-messages';
import { claim } from './pools';

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

const without = <T extends object>(whole: T, ...fields: string[]): object =>
  Object.fromEntries(Object.entries(whole).filter(([field]) => !fields.includes(field)));

it.each([
  ['project', 'No name', 'request.project: must be a text of the right form; got "No name"; write lower-case letters'],
  ['owner', 5, 'request.owner: must be a text of the right form; got 5'],
  ['priority', 101, 'request.priority: must be at most 100; got 101'],
  ['preemptible', 'no', 'request.preemptible: must be true or false; got "no"'],
  ['nodes', 1e9, 'request.nodes: must be at most 64'],
  ['cpus', undefined, 'request.cpus: is missing; write a number of CPUs such as 2 or 0.5'],
  ['memoryBytes', '4g', 'request.memoryBytes: must be a whole number; got "4g"; write whole bytes'],
  ['gpus', 0.5, 'request.gpus: must be a whole number; got 0.5'],
  ['gpuModel', 100, 'request.gpuModel: '],
  ['gpuMemoryBytes', null, 'request.gpuMemoryBytes: must be a whole number; got nothing (null)'],
  ['host', ['a'], 'request.host: '],
  ['hostLabels', 'fast', 'request.hostLabels: must be an object'],
  ['hostLabels', { disk: 5 }, 'request.hostLabels.disk: must be a text; got 5'],
  ['avoid', 'a', 'request.avoid: must be a list'],
  ['avoid', [5], 'request.avoid[0]: must be a text'],
  ['hasCommand', 1, 'request.hasCommand: must be true or false'],
  ['limitMs', -1, 'request.limitMs: must be at least 0'],
  ['submittedAt', 'now', 'request.submittedAt: '],
  ['submittedAt', '2026-13-01T00:00:00Z', 'request.submittedAt: there is no such time'],
])('a claim is refused whose %s is %j', (field, value, fault) => {
  expect(faultOfClaim(claim('run', { [field]: value }))).toContain(fault);
});

it.each([
  [undefined, 'is missing; write {"runId"'],
  ['claim', 'must be an object'],
  [{ ...claim('run'), runId: 'x'.repeat(129) }, 'runId: '],
  [{ ...claim('run'), claim: 'first' }, 'claim: must be a whole number'],
  [{ ...claim('run'), attempt: 0 }, 'attempt: must be at least 1'],
  [without(claim('run'), 'request'), 'request: is missing; write what the run asks for'],
])('what is no claim is refused: %j', (input, fault) => {
  expect(faultOfClaim(input)).toContain(fault);
});

it('of several claims the one at fault is named', () => {
  expect(faultOfClaims([claim('a'), claim('b', { gpuModel: '' })])).toMatch(/^\[1\]\.request\.gpuModel: /);
  expect(faultOfClaims(claim('a'))).toContain('must be a list of claims');
  expect(faultOfClaims([claim('a'), claim('b')])).toBeNull();
});

it('a claim may leave out all that has a default, and have fields that nobody knows', () => {
  const { request, ...rest } = claim('run');
  const { cpus, memoryBytes, limitMs, submittedAt } = request;
  const least = { ...without(rest, 'attempt'), request: { cpus, memoryBytes, limitMs, submittedAt } };
  expect(faultOfClaim(least)).toBeNull();
  expect(faultOfClaim({ ...rest, pool: 'default', request: { ...request, colour: 'red' } })).toBeNull();
});

const RESERVATION = {
  id: 'r',
  project: 'vision',
  gpus: 1,
  from: '2126-01-01T00:00:00Z',
  until: '2126-01-02T00:00:00.000+01:00',
};

it.each([
  [{ ...RESERVATION, id: '' }, 'id: '],
  [{ ...RESERVATION, project: '*' }, 'project: '],
  [{ ...RESERVATION, gpus: 0 }, 'gpus: must be at least 1'],
  [{ ...RESERVATION, gpuModel: 100 }, 'gpuModel: '],
  [{ ...RESERVATION, from: 5 }, 'from: '],
  [{ ...RESERVATION, until: '2126-02-32T00:00:00Z' }, 'until: there is no such time'],
  [{ ...RESERVATION, by: 5 }, 'by: must be a text'],
  [null, 'must be an object'],
])('what is no reservation is refused: %j', (input, fault) => {
  expect(faultOfReservation(input)).toContain(fault);
});

it('a reservation may leave out the model and who makes it', () => {
  expect(faultOfReservation(RESERVATION)).toBeNull();
  expect(faultOfReservation({ ...RESERVATION, gpuModel: null, by: 'ada' })).toBeNull();
});

it('the other messages are refused with the field as well', () => {
  expect(faultOfHostChange({ host: 'a', intent: 'off' })).toContain('intent: must be one of "none"');
  expect(faultOfHostChange({ host: 'a', intent: 'none', by: 5 })).toContain('by: ');
  expect(faultOfHostChange({ host: 'a', intent: 'none' })).toBeNull();
  expect(faultOfReprioritise({ runId: 'run', priority: 0.5 })).toContain('priority: must be a whole number');
  expect(faultOfReprioritise({ runId: 'run', priority: 0 })).toBeNull();
  expect(faultOfLimit({ limitMs: 1 })).toContain('runId: is missing');
  expect(faultOfLimit({ runId: 'run', limitMs: '1h' })).toContain('limitMs: must be a number; got "1h"');
  expect(faultOfLimit({ runId: 'run', limitMs: -1 })).toContain('limitMs: must be at least 0');
  expect(faultOfLimit({ runId: 'run', limitMs: 3_600_000 })).toBeNull();
  expect(faultOfUnreserve(undefined)).toContain('is missing');
  expect(faultOfUnreserve({ id: 'r' })).toBeNull();
});
