import { describeValue } from '../contract/describe-value';
import type { Fault } from '../contract/fault';
import type { Gpu } from '../contract/gpu';
import { parseSize } from '../contract/units';

/** Settings of a host that are lists of small texts: its labels (`name=value`) and its GPUs (`id:model:memory[:mig]`). */

const LABEL = /^([A-Za-z0-9][A-Za-z0-9._/-]{0,62})=(.{0,255})$/;
const GPU = /^([A-Za-z0-9][\w./-]{0,127}):([^:,]{1,100}):(\d+(?:\.\d+)?[bkmgt])(:mig)?$/i;
const NO_GPUS = 'none';

/** @throws {RangeError} where an item was not checked by {@link checkHostLabels}. */
export function parseHostLabels(items: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    items.map((item) => {
      const [, name = '', value = ''] = LABEL.exec(item) ?? refuse(item);
      return [name, value];
    }),
  );
}

export function checkHostLabels(items: readonly string[]): Fault[] {
  const faults = items.flatMap((item, index) => {
    if (LABEL.test(item)) return [];
    const message = `is no label; got ${describeValue(item)}; write a name and a value such as "rack=r12"`;
    return [{ path: `host.labels[${index}]`, message }];
  });
  const names = items.map((item) => item.split('=', 1)[0]);
  return [...faults, ...twice(names, 'host.labels')];
}

/** A GPU as the settings name it. */
export type GivenGpu = Omit<Gpu, 'trouble' | 'detail'>;

/**
 * Null where the driver is to be asked.
 *
 * @throws {RangeError} where an item was not checked by {@link checkHostGpus}.
 */
export function parseHostGpus(items: readonly string[]): GivenGpu[] | null {
  if (items.length === 0) return null;
  if (items.length === 1 && items[0] === NO_GPUS) return [];
  return items.map((item, index) => {
    const [, id = '', model = '', memory = '', mig] = GPU.exec(item) ?? refuse(item);
    return { id, index, model, memoryBytes: parseSize(memory), mig: mig !== undefined };
  });
}

export function checkHostGpus(items: readonly string[]): Fault[] {
  if (items.length === 1 && items[0] === NO_GPUS) return [];
  const faults = items.flatMap((item, index) => {
    if (GPU.test(item)) return [];
    const message = `is no GPU; got ${describeValue(item)}; write its id, model and memory such as "GPU-1f2e:H100:80g", or "none" alone`;
    return [{ path: `host.gpus[${index}]`, message }];
  });
  return [
    ...faults,
    ...twice(
      items.map((item) => item.split(':', 1)[0]),
      'host.gpus',
    ),
  ];
}

function twice(keys: readonly (string | undefined)[], path: string): Fault[] {
  const again = keys.findIndex((key, index) => keys.indexOf(key) < index);
  return again === -1
    ? []
    : [{ path: `${path}[${again}]`, message: `has "${keys[again]}" a second time; leave one out` }];
}

function refuse(item: string): never {
  throw new RangeError(`"${item}" was not checked`);
}
