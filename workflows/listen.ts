import { CancellationScope, setHandler } from '@temporalio/workflow';

import { isEndState } from '../contract/state';
import { changeRun, checkChange } from './change-run';
import {
  cancelSignal,
  changeRunUpdate,
  leaseGrantedSignal,
  leaseQuery,
  noteSignal,
  noticeSignal,
  preemptSignal,
  reportQuery,
  resumeSignal,
  silentSignal,
  statusQuery,
  suspendSignal,
} from './messages';
import { giveWay, hearOfLease, standingOf } from './pool-calls';
import type { RunLife } from './run-life';
import { endSilent } from './silence';
import { requestSuspend, resume } from './suspension';

/** Lets a run be asked and told everything in workflows/messages, and by Temporal's own cancel. */
export function listen(life: RunLife): void {
  setHandler(statusQuery, () => life.status());
  setHandler(reportQuery, () => life.report());
  setHandler(cancelSignal, (request) => {
    life.requestStop({ reason: 'cancelled', detail: { by: request?.by ?? 'a signal' } });
  });
  setHandler(suspendSignal, (request) => requestSuspend(life, request?.by ?? 'a signal'));
  setHandler(resumeSignal, (request) => resume(life, request?.by ?? 'a signal'));
  setHandler(noticeSignal, (notice) => life.notices(notice));
  setHandler(noteSignal, (note) => {
    if (typeof note?.message === 'string' && !isEndState(life.run.state)) life.note(note.message);
  });
  setHandler(leaseQuery, () => standingOf(life));
  setHandler(leaseGrantedSignal, (given) => hearOfLease(life, given));
  setHandler(preemptSignal, (request) => giveWay(life, request));
  setHandler(silentSignal, (report) => endSilent(life, report));
  setHandler(changeRunUpdate, (change) => changeRun(life, change), {
    validator: (change) => checkChange(life, change),
  });
  listenForTemporalCancel(life);
}

/** A cancel request of Temporal's own, from the Web UI or the CLI, means what the signal means. */
function listenForTemporalCancel(life: RunLife): void {
  CancellationScope.current().cancelRequested.catch(() => {
    life.requestStop({ reason: 'cancelled', detail: { by: 'a cancel request in Temporal' } });
  });
}
