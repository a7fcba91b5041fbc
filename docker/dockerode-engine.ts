import type { IncomingMessage } from 'node:http';

import { parseImageReference } from '../contract/image-reference';
import { containerConfig } from './container-config';
import { toContainerInfo, toContainerSummary, toEngineInfo, toImageInfo, toImageSummary } from './container-info';
import { pidsIn, type TopAnswer } from './container-pids';
import { createOrAdopt, untilGone } from './create-or-adopt';
import { connect, containerOf, expecting, type Connection } from './dockerode-connection';
import { filesCall } from './dockerode-files';
import { endForgottenStart } from './dockerode-forgotten-start';
import { networkCalls } from './dockerode-networks';
import { usageCall } from './dockerode-usage';
import type {
  ContainerInfo,
  ContainerPlan,
  Engine,
  EngineInfo,
  ImageInfo,
  LogRecord,
  PullOptions,
  ReadLogsOptions,
} from './engine';
import { toSince } from './engine-time';
import { EngineError, EngineUnavailableError, NotFoundError } from './errors';
import { createFrameParser } from './log-frames';
import { plainAgent } from './modem-dial';
import { recallUntil } from './recall';
import { longestSilenceMs } from './silence-limit';
import { watchedPull } from './watched-pull';

export interface EngineOptions {
  /** A reading of a log without follow of which nothing comes for so long fails; default: that of a small log. */
  logSilenceMs?: number;
}

/**
 * The engine at an address such as `unix:///var/run/docker.sock`, by dockerode. Nothing is sent before the first call.
 *
 * @throws {InvalidDockerHostError}
 */
export function createEngine(dockerHost: string, { logSilenceMs = longestSilenceMs(0) }: EngineOptions = {}): Engine {
  const agent = plainAgent();
  const connection = connect(dockerHost, agent);
  return {
    ...systemCalls(connection),
    ...imageCalls(connection),
    ...containerCalls(connection),
    ...processCalls(connection),
    ...brakeCalls(connection),
    ...networkCalls(connection),
    usage: usageCall(connection),
    filesOf: filesCall(connection),
    readLogs: (id, options) => readLogs(connection, id, options, logSilenceMs),
    close: () => {
      agent.destroy();
      connection.logs.close();
    },
  };
}

function systemCalls({ docker, dial, call }: Connection): Pick<Engine, 'info' | 'recall'> {
  const info = async (): Promise<EngineInfo> => {
    const [system, version] = await call('other', () => Promise.all([docker.info(), docker.version()]));
    return toEngineInfo(system, version);
  };
  return {
    info,
    recall: async (id) => {
      const { time, liveRestore } = await info();
      return { ...(await call('other', () => recallUntil(dial, id, time))), liveRestore };
    },
  };
}

type ImageCalls = 'findImage' | 'pullImage' | 'listImages' | 'removeImage';

function imageCalls({ docker, call }: Connection): Pick<Engine, ImageCalls> {
  const findImage = async (reference: string): Promise<ImageInfo | null> => {
    const image = await call('other', () => expecting([404], docker.getImage(urlPath(reference)).inspect()));
    return image === 404 ? null : toImageInfo(image, reference);
  };
  const pullImage = async (reference: string, options: PullOptions): Promise<ImageInfo> => {
    const { repository, tag, digest } = parseImageReference(reference);
    const query = { fromImage: repository, tag: digest ?? tag ?? 'latest' };
    const open = async (abortSignal: AbortSignal): Promise<IncomingMessage> =>
      (await docker.createImage({ ...query, abortSignal })) as IncomingMessage;
    await call('pull', () => watchedPull(reference, options, open), options.signal);
    const image = await findImage(reference);
    if (!image) throw new NotFoundError(`${reference} was pulled, but the engine does not have it any more`);
    return image;
  };
  return {
    findImage,
    pullImage,
    listImages: async () => (await call('other', () => docker.listImages())).map(toImageSummary),
    removeImage: async (name) => {
      const image = docker.getImage(urlPath(name));
      const removed: unknown = await call('other', () => expecting([404, 409], image.remove()));
      return removed !== 404 && removed !== 409;
    },
  };
}

type ContainerCalls = 'createContainer' | 'inspectContainer' | 'removeContainer' | 'listContainers';

function containerCalls({ docker, call }: Connection): Pick<Engine, ContainerCalls> {
  const inspectContainer = async (id: string): Promise<ContainerInfo | null> => {
    const inspected = await call('other', () => expecting([404], containerOf(docker, id).inspect()));
    return inspected === 404 ? null : toContainerInfo(inspected);
  };
  const create = async (plan: ContainerPlan): Promise<string | null> => {
    const created = await call('create', () => expecting([409], docker.createContainer(containerConfig(plan))));
    return created === 409 ? null : created.id;
  };
  return {
    inspectContainer,
    createContainer: async (plan) => ({ id: await createOrAdopt(plan, create, inspectContainer) }),
    removeContainer: async (id) => {
      await call('other', () => endForgottenStart(containerOf(docker, id)));
      const options = { force: true, v: true };
      const removed = await call('other', () => expecting([404, 409], containerOf(docker, id).remove(options)));
      // 409: somebody else's removal is under way.
      if (removed === 409) await untilGone(id, inspectContainer);
      return removed !== 404;
    },
    listContainers: async (labels, abortSignal) => {
      const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      const options = { all: true, filters: { label }, abortSignal };
      const listed = await call('other', () => docker.listContainers(options), abortSignal);
      return listed.map(toContainerSummary);
    },
  };
}

type ProcessCalls = 'startContainer' | 'waitContainer' | 'containerPids' | 'signalContainer';

function processCalls({ docker, call }: Connection): Pick<Engine, ProcessCalls> {
  return {
    startContainer: async (id) => {
      const { State } = await call('other', () => containerOf(docker, id).inspect());
      // An engine would run a container that has ended once more.
      if (State.Status !== 'created') return;
      await call('start', () => expecting([304], containerOf(docker, id).start()));
    },
    waitContainer: async (id, signal) => {
      const options = { condition: 'not-running', abortSignal: signal } as const;
      const answer: unknown = await call('other', () => containerOf(docker, id).wait(options), signal);
      if (!hasEnded(answer))
        throw new EngineUnavailableError('the Docker Engine stopped while a container was waited for');
    },
    containerPids: async (id) => {
      // 500 is what engines answer for one that does not run, too.
      const listed = await call('other', () => expecting([404, 409, 500], containerOf(docker, id).top(TOP)));
      return typeof listed === 'number' ? [] : pidsIn(listed as TopAnswer);
    },
    signalContainer: async (id, signal) => {
      const sent = await call('other', () => expecting([404, 409], containerOf(docker, id).kill({ signal })));
      return sent !== 404 && sent !== 409;
    },
  };
}

function brakeCalls({ docker, call }: Connection): Pick<Engine, 'limitCpus' | 'pauseContainer' | 'unpauseContainer'> {
  const statusOf = async (id: string): Promise<string | null> => {
    const inspected = await call('other', () => expecting([404], containerOf(docker, id).inspect()));
    return inspected === 404 ? null : inspected.State.Status;
  };
  return {
    limitCpus: async (id, cpus) => {
      const status = await statusOf(id);
      if (status !== 'running' && status !== 'paused') return false;
      const options = { NanoCpus: Math.round(cpus * 1e9) };
      const updated: unknown = await call('other', () =>
        expecting([404, 409], containerOf(docker, id).update(options)),
      );
      return updated !== 404 && updated !== 409;
    },
    pauseContainer: async (id) => {
      const paused = await call('other', () => expecting([404, 409], containerOf(docker, id).pause()));
      return paused !== 404 && paused !== 409;
    },
    unpauseContainer: async (id) => {
      if ((await statusOf(id)) !== 'paused') return false;
      const unpaused = await call('other', () => expecting([404, 409, 500], containerOf(docker, id).unpause()));
      // 500 is what engines answer for one that is not paused any more, too.
      if (unpaused === 500 && (await statusOf(id)) === 'paused')
        throw new EngineError(`container ${id} cannot be unpaused`, 500);
      return unpaused !== 404 && unpaused !== 409 && unpaused !== 500;
    },
  };
}

const TOP = { ps_args: '-eo pid' };

/** An engine that shuts down answers waits with -1, or not at all. */
function hasEnded(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'StatusCode' in answer && answer.StatusCode !== -1;
}

async function* readLogs(
  { logs, call }: Connection,
  id: string,
  { follow, since, tail, signal }: ReadLogsOptions,
  silenceMs: number,
): AsyncGenerator<LogRecord[], void, undefined> {
  const query = new URLSearchParams({ follow: String(follow), stdout: 'true', stderr: 'true', timestamps: 'true' });
  if (since) query.set('since', toSince(since));
  if (tail !== undefined) query.set('tail', String(tail));
  const path = `/containers/${encodeURIComponent(id)}/logs?${query.toString()}`;
  // A follow is silent for as long as its container is.
  const body = await call('other', () => logs.open(path, signal, follow ? undefined : silenceMs), signal);
  const parser = createFrameParser();
  try {
    for (;;) {
      const bytes = await call('other', () => body.next(), signal);
      if (bytes === null) break;
      const records = parser.push(bytes);
      if (records.length > 0) yield records;
    }
    parser.end();
  } finally {
    body.close();
  }
}

/** The slashes of an image's name are part of the path; nothing else of it may be. */
function urlPath(reference: string): string {
  return reference.split('/').map(encodeURIComponent).join('/');
}
