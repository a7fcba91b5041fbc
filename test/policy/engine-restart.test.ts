import { endedByEngine, type EndWitness } from '../../policy/engine-restart';

const SAME_PROCESS: EndWitness = {
  exitCode: 143,
  started: true,
  ended: true,
  complete: true,
  liveRestore: false,
  liveRestoreBefore: false,
  awayBefore: false,
};
const NEXT_PROCESS: EndWitness = { ...SAME_PROCESS, started: false, ended: false, awayBefore: true };
const LIVE_RESTORE = { liveRestore: true, liveRestoreBefore: true };
const FORGETFUL = { started: false, complete: false };

describe('endedByEngine', () => {
  it.each<[string, EndWitness]>([
    ['was stopped', NEXT_PROCESS],
    ['was stopped, and the program caught it', { ...NEXT_PROCESS, exitCode: 0 }],
    ['was stopped and came back with live-restore', { ...NEXT_PROCESS, liveRestore: true }],
    ['was killed, and ended the container when it was started', { ...NEXT_PROCESS, ended: true }],
    ['was killed and came back without live-restore', { ...NEXT_PROCESS, ended: true, liveRestoreBefore: true }],
    ['went down with its machine', { ...NEXT_PROCESS, ...LIVE_RESTORE, exitCode: 255 }],
    ['was started to end more containers than it remembers', { ...NEXT_PROCESS, complete: false, ended: true }],
    ['was away while nobody looked', { ...NEXT_PROCESS, awayBefore: false }],
  ])('says yes of an engine that %s', (_, witness) => {
    expect(endedByEngine(witness)).toBe(true);
  });

  it.each<[string, EndWitness]>([
    ['saw it all', SAME_PROCESS],
    ['saw it all and was only frozen meanwhile', { ...SAME_PROCESS, awayBefore: true }],
    ['saw it all, an exit code of 255 too', { ...SAME_PROCESS, exitCode: 255, awayBefore: true }],
    ['was stopped with live-restore', { ...NEXT_PROCESS, ...LIVE_RESTORE, exitCode: 3 }],
    ['was killed with live-restore', { ...NEXT_PROCESS, ...LIVE_RESTORE, ended: true }],
    ['got live-restore, lived through a restart and saw the end', { ...NEXT_PROCESS, ended: true, liveRestore: true }],
    ['answered all along and has forgotten the start', { ...SAME_PROCESS, ...FORGETFUL }],
  ])('says no of an engine that %s', (_, witness) => {
    expect(endedByEngine(witness)).toBe(false);
  });
});
