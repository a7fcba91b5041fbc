import type { ContainerLog } from './container-files';
import type { ContainerInfo, ContainerSummary, EngineInfo, ImageInfo, ImageSummary } from './engine';
import { timeOrNull } from './engine-time';
import { digestIn } from './repo-digests';
import { isUnstarted } from './unstarted';

/** The answers of an engine, as far as we read them, turned into our words. */

interface InspectedContainer {
  Id: string;
  Name: string;
  Image: string;
  Config: { Labels?: Record<string, string> | null };
  HostConfig: { NanoCpus?: number; NetworkMode?: string; LogConfig?: LogConfig };
  State: {
    Status: string;
    ExitCode: number;
    OOMKilled: boolean;
    Error: string;
    StartedAt: string;
    FinishedAt: string;
  };
}

export function toContainerInfo({ Id, Name, Image, Config, HostConfig, State }: InspectedContainer): ContainerInfo {
  const name = withoutSlash(Name);
  const never = isUnstarted(name);
  const status = never ? 'created' : (State.Status as ContainerInfo['status']);
  const startedAt = never ? null : timeOrNull(State.StartedAt);
  return {
    id: Id,
    name,
    labels: Config.Labels ?? {},
    status,
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    error: State.Error,
    startedAt,
    // A container that runs again still shows when it last ended.
    finishedAt: never || status === 'running' || status === 'paused' ? null : endTime(State, startedAt),
    imageId: Image,
    cpus: HostConfig.NanoCpus ? HostConfig.NanoCpus / 1e9 : null,
    network: HostConfig.NetworkMode ?? 'default',
    log: toContainerLog(HostConfig.LogConfig),
    ...(never && { isUnstarted: true }),
  };
}

/** The engine notes the time of a start when it hears of it; a program that ends at once may have ended by then. */
function endTime({ FinishedAt }: InspectedContainer['State'], startedAt: string | null): string | null {
  const ended = timeOrNull(FinishedAt);
  return ended !== null && startedAt !== null && ended < startedAt ? startedAt : ended;
}

interface LogConfig {
  Type: string;
  Config?: Record<string, string> | null;
}

/** Options by which json-file writes more into each record; an engine may have them as its own defaults. */
const MORE_OF_RECORDS = ['env', 'env-regex', 'labels', 'labels-regex', 'tag'];

function toContainerLog({ Type, Config }: LogConfig = { Type: '' }): ContainerLog | null {
  const { 'max-size': size, 'max-file': files } = Config ?? {};
  const log = { fileBytes: Number(size), maxFiles: Number(files) };
  if (Type !== 'json-file' || !(log.fileBytes > 0 && log.maxFiles > 0)) return null;
  return { ...log, isPlain: !MORE_OF_RECORDS.some((option) => Config?.[option]) };
}

interface ListedContainer {
  Id: string;
  Names: string[];
  Labels: Record<string, string> | null;
  State: string;
  /** Seconds since 1970. */
  Created: number;
  ImageID: string;
}

export function toContainerSummary({ Id, Names, Labels, State, Created, ImageID }: ListedContainer): ContainerSummary {
  const name = withoutSlash(Names[0] ?? '');
  return {
    id: Id,
    name,
    labels: Labels ?? {},
    state: isUnstarted(name) ? 'created' : State,
    createdAt: new Date(Created * 1000).toISOString(),
    imageId: ImageID,
  };
}

interface InspectedImage {
  Id: string;
  RepoDigests?: string[] | null;
  Size: number;
  Architecture: string;
}

export function toImageInfo({ Id, RepoDigests, Size, Architecture }: InspectedImage, reference: string): ImageInfo {
  return { id: Id, digest: digestIn(RepoDigests ?? [], reference), sizeBytes: Size, architecture: Architecture };
}

interface ListedImage {
  Id: string;
  RepoTags?: string[] | null;
  RepoDigests?: string[] | null;
  Size: number;
}

/** What has no name stands as `<none>` in the list of older engines. */
export function toImageSummary({ Id, RepoTags, RepoDigests, Size }: ListedImage): ImageSummary {
  const named = (names: string[] | null | undefined): string[] =>
    (names ?? []).filter((name) => !name.includes('<none>'));
  return { id: Id, tags: named(RepoTags), digests: named(RepoDigests), sizeBytes: Size };
}

interface SystemInfo {
  LiveRestoreEnabled: boolean;
  Driver: string;
  DockerRootDir: string;
  NCPU: number;
  MemTotal: number;
  ContainersRunning: number;
  OperatingSystem: string;
  Architecture: string;
  KernelVersion: string;
  Warnings: string[] | null;
  SystemTime: string;
}

export function toEngineInfo(info: SystemInfo, version: { Version: string; ApiVersion: string }): EngineInfo {
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    liveRestore: info.LiveRestoreEnabled,
    storageDriver: info.Driver,
    rootDir: info.DockerRootDir,
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    containersRunning: info.ContainersRunning,
    operatingSystem: info.OperatingSystem,
    architecture: info.Architecture,
    kernel: info.KernelVersion,
    warnings: info.Warnings ?? [],
    time: info.SystemTime,
  };
}

/** An engine writes a slash before the name of a container. */
export function withoutSlash(name: string): string {
  return name.replace(/^\//, '');
}
