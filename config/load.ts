import { resolve } from 'node:path';

import { Value } from '@sinclair/typebox/value';

import { slug } from '../contract/names';
import { liesIn } from '../contract/path';
import { checkPlainJson } from '../contract/plain-json';
import { checkShape } from '../contract/validate-shape';
import { checkSettings } from './check-settings';
import { ConfigSchema, type Config } from './config';
import { ConfigError, type ConfigFault } from './config-error';
import { listSettings } from './describe';
import { readEnvironment, type FromEnvironment } from './environment';
import { installationFolder } from './installation';
import { readYamlFile } from './yaml-file';

export interface ConfigSources {
  env: NodeJS.ProcessEnv;
  /** Configuration file in YAML. Default: what TRAINYARD_CONFIG names, else none. */
  file?: string;
  /** The machine's name, for `host.name` where nobody set it. */
  hostname: string;
  /** Where relative paths start. Default: the working folder. */
  folder?: string;
}

/**
 * The configuration of a process: the defaults, over them the file, over that the environment. Paths come out absolute; a
 * relative `data` is taken from the working folder, a relative `recipes` or `policies` from the installation.
 *
 * @throws {ConfigError} with every fault of all sources at once, each with the variable or the file that it came from.
 */
export function loadConfig({ env, hostname, folder = process.cwd(), ...sources }: ConfigSources): Config {
  const named = sources.file ?? (env['TRAINYARD_CONFIG']?.trim() || undefined);
  const file = named === undefined ? undefined : resolve(folder, named);
  const { content, faults: fileFaults } = file === undefined ? { content: {}, faults: [] } : readFile(file);
  const { values, faults: envFaults } = readEnvironment(listSettings(), env);

  const config = Value.Default(ConfigSchema, overlay(content, values)) as Config;
  const shapeFaults = checkShape(ConfigSchema, config);
  const faults = shapeFaults.length > 0 ? shapeFaults : checkSettings(config);
  const sourceOf = (path: string): string =>
    values.find(({ setting }) => liesIn(path, setting.path))?.setting.env ?? file ?? 'the defaults';
  const located = faults.map(({ path, message }) => ({ source: sourceOf(path), path, message }));
  const all = [...fileFaults, ...envFaults, ...located];
  if (all.length > 0) throw new ConfigError(all);
  return finish(config, folder, hostname);
}

function readFile(file: string): { content: unknown; faults: ConfigFault[] } {
  const read = readYamlFile(file);
  if (read.problem !== undefined) return { content: {}, faults: [{ source: file, path: '', message: read.problem }] };
  const unsafe = checkPlainJson(read.value, { bytes: 1_048_576, depth: 16 });
  if (unsafe.length > 0) return { content: {}, faults: unsafe.map((fault) => ({ source: file, ...fault })) };
  return { content: read.value, faults: [] };
}

/** The content of the file with the values of the environment in their places. */
function overlay(content: unknown, values: FromEnvironment[]): unknown {
  const merged = structuredClone(content);
  for (const { setting, value } of values) put(merged, setting.path.split('.'), value);
  return merged;
}

/** Sets a value in an object; where something else than an object is in the way, the shape's check will say so. */
function put(target: unknown, [key = '', ...rest]: string[], value: unknown): void {
  if (typeof target !== 'object' || target === null || Array.isArray(target)) return;
  const object = target as Record<string, unknown>;
  if (rest.length === 0) object[key] = value;
  else put((object[key] ??= {}), rest, value);
}

function finish(config: Config, folder: string, hostname: string): Config {
  return {
    ...config,
    data: resolve(folder, config.data),
    recipes: resolve(installationFolder(), config.recipes),
    policies: resolve(installationFolder(), config.policies),
    api: { ...config.api, publicUrl: config.api.publicUrl.replace(/\/+$/, '') },
    secrets: { folder: config.secrets.folder === '' ? '' : resolve(folder, config.secrets.folder) },
    host: { ...config.host, name: config.host.name || slug(hostname).slice(0, 63).replace(/-+$/, '') || 'host' },
  };
}
