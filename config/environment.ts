import { describeValue } from '../contract/describe-value';
import type { ConfigFault } from './config-error';
import type { Setting } from './describe';

/** A setting that the environment has a value for. */
export interface FromEnvironment {
  setting: Setting;
  value: unknown;
}

/**
 * The settings in the environment, each in the type of its setting. An empty variable is none: that is what docker compose
 * makes of `${NAME:-}`.
 */
export function readEnvironment(
  settings: readonly Setting[],
  env: NodeJS.ProcessEnv,
): { values: FromEnvironment[]; faults: ConfigFault[] } {
  const values: FromEnvironment[] = [];
  const faults: ConfigFault[] = [];
  for (const setting of settings) {
    const text = env[setting.env]?.trim();
    if (text === undefined || text === '') continue;
    const value = READERS[setting.type](text);
    if (value === undefined) {
      const message = `must be ${EXPECTED[setting.type]}; got ${describeValue(text)}`;
      faults.push({ source: setting.env, path: setting.path, message });
    } else values.push({ setting, value });
  }
  return { values, faults };
}

const READERS: Record<Setting['type'], (text: string) => unknown> = {
  text: (text) => text,
  'whole number': (text) => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined),
  // Anything else is more likely a mistake than a wish: "no" must not switch something on.
  'true or false': (text) => ({ true: true, '1': true, false: false, '0': false })[text.toLowerCase()],
  list: (text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
};

const EXPECTED: Record<Setting['type'], string> = {
  text: 'a text',
  'whole number': 'a whole number',
  'true or false': '"true", "false", "1" or "0"',
  list: 'texts separated by commas',
};
