import { counted } from '../../contract/counted';
import type { Health, PartHealth } from '../../contract/http';
import type { HostReport } from '../../store/run-store';
import type { Services } from './services';

/** A host that has not reported for this long is taken for gone. */
const HOST_REPORT_MAX_AGE_MS = 30_000;

/** Whether each part can do its work, now. */
export async function checkHealth(services: Services): Promise<Health> {
  const [{ temporal, workers }, store, hosts] = await Promise.all([
    checkTemporal(services),
    checkStore(services),
    checkHosts(services),
  ]);
  const parts = { temporal, store, workers, hosts };
  if (!temporal.ok || !store.ok) return { status: 'down', parts };
  return { status: workers.ok && hosts.ok ? 'ok' : 'degraded', parts };
}

async function checkTemporal({ config, temporal }: Services): Promise<Record<'temporal' | 'workers', PartHealth>> {
  const { address, namespace } = config.temporal;
  try {
    const pollers = await temporal.readiness.controlPollers();
    const workers =
      pollers > 0
        ? { ok: true, detail: `${counted(pollers, 'control worker')} asked for work lately.` }
        : { ok: false, detail: 'No control worker asks for work; runs wait until one is started.' };
    return { temporal: { ok: true, detail: `Answers at ${address}, namespace ${namespace}.` }, workers };
  } catch (error) {
    const temporalHealth = { ok: false, detail: messageOf(error) };
    return { temporal: temporalHealth, workers: { ok: false, detail: 'Not known while Temporal does not answer.' } };
  }
}

async function checkStore({ runStore }: Services): Promise<PartHealth> {
  try {
    await runStore.feedEnd();
    return { ok: true, detail: 'Answers.' };
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}

async function checkHosts({ runStore }: Services): Promise<PartHealth> {
  try {
    const hosts = await runStore.listHosts();
    if (hosts.length === 0) return { ok: false, detail: 'No host has reported; start a host worker.' };
    const problems = hosts.map((host) => problemOf(host));
    const ready = problems.filter((problem) => problem === undefined).length;
    const detail = [`${ready} of ${hosts.length} ready.`, ...problems.filter((problem) => problem !== undefined)];
    return { ok: ready > 0, detail: detail.join(' ') };
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}

function problemOf({ name, reportedAt, engineReady, engineProblem, refuses }: HostReport): string | undefined {
  if (Date.now() - Date.parse(reportedAt) > HOST_REPORT_MAX_AGE_MS) {
    return `${name} has not reported since ${reportedAt}.`;
  }
  if (!engineReady) return `The Docker Engine of ${name} does not answer: ${engineProblem ?? 'no reason told'}.`;
  return refuses.length === 0 ? undefined : `${name} ${refuses.join(', and ')}.`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
