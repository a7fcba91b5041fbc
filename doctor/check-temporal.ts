import { Connection } from '@temporalio/client';

import { SEARCH_ATTRIBUTES } from '../contract/names';
import { fail, type Finding, messageOf, ok, warn } from './finding';

const ANSWER_WITHIN_MS = 2_000;

export interface TemporalPlace {
  address: string;
  namespace: string;
  /** Whether somebody named it; otherwise a server brings its own. */
  named: boolean;
}

/** Whether Temporal answers, and has what runs are shown by. */
export async function checkTemporal({ address, namespace, named }: TemporalPlace): Promise<Finding[]> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: ANSWER_WITHIN_MS });
    try {
      return await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => ask(connection, address, namespace));
    } finally {
      await connection.close();
    }
  } catch (error) {
    const finding = `The namespace ${namespace} does not answer at ${address} (${messageOf(error)}).`;
    if (named) return [fail('Temporal', finding, 'Start it, or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.')];
    return [warn('Temporal', finding, 'Start a server with "trainyard up", which brings its own.')];
  }
}

async function ask(connection: Connection, address: string, namespace: string): Promise<Finding[]> {
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  await connection.workflowService.describeNamespace({ namespace });
  const version = ok('Temporal', `Version ${serverVersion} answers at ${address}, namespace ${namespace}.`);
  return [version, await checkSearchAttributes(connection, address, namespace)];
}

async function checkSearchAttributes(connection: Connection, address: string, namespace: string): Promise<Finding> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return ok('Search attributes', `${SEARCH_ATTRIBUTES.join(', ')}.`);
  const flags = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
  return warn(
    'Search attributes',
    `The namespace lacks ${missing.join(', ')}.`,
    `temporal operator search-attribute create --address ${address} --namespace ${namespace} ${flags}`,
  );
}
