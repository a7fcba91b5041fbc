import type { Command } from 'commander';
import { stringify } from 'yaml';

import type { NamedPolicy } from '../../contract/named-policy';
import { parsePolicyReference } from '../../contract/policy-reference';
import { UsageError } from '../errors';
import { table } from '../format';
import { readDocument } from '../read-file';
import { apiOf, type Context, printJson, wantsJson } from './context';
import { addPolicyTry } from './policy-try';

interface PolicyPage {
  items: NamedPolicy[];
}

export function addPolicyCommand(program: Command, context: Context): void {
  const policy = program.command('policy').summary('policies that the server keeps under names');
  addLooking(policy, context);
  addChanging(policy, context);
  addPolicyTry(policy, context);
}

function addLooking(policy: Command, { io }: Context): void {
  policy
    .command('ls')
    .summary('list policies')
    .action(async (_: object, command: Command) => {
      const page = await apiOf(command).get<PolicyPage>('/v1/policies');
      if (wantsJson(command)) return printJson(io, page);
      if (page.items.length === 0) return io.err('No policies. Make one: trainyard policy put FILE\n');
      io.out(`${tableOfPolicies(page.items).join('\n')}\n`);
    });
  policy
    .command('show')
    .summary('show a policy, or a version of it')
    .argument('<name>', 'such as patient, or patient@3')
    .option('--versions', 'list its versions')
    .action(async (typed: string, { versions }: { versions?: boolean }, command: Command) => {
      const { name, version } = readReference(typed);
      const api = apiOf(command);
      if (versions) {
        const page = await api.get<PolicyPage>(`${policyPath(name)}/versions`);
        if (wantsJson(command)) return printJson(io, page);
        return io.out(`${tableOfVersions(page.items).join('\n')}\n`);
      }
      const found = await api.get<NamedPolicy>(policyPath(name), version === null ? {} : { version });
      if (wantsJson(command)) return printJson(io, found);
      io.out(describePolicy(found));
    });
}

function addChanging(policy: Command, { io }: Context): void {
  policy
    .command('put')
    .summary('keep a policy; the next version of its name')
    .argument('<file>', 'name, description and policy, in YAML or JSON; - for standard input')
    .action(async (file: string, _: object, command: Command) => {
      const document = await readDocument(file, io);
      const name = nameIn(document, file);
      const api = apiOf(command);
      const before = await api.get<PolicyPage>('/v1/policies');
      const kept = await api.send<NamedPolicy>('PUT', policyPath(name), document);
      if (wantsJson(command)) return printJson(io, kept);
      io.out(`${kept.name}@${kept.version}\n`);
      const isKnown = before.items.some((other) => other.name === name && other.version === kept.version);
      if (isKnown) io.err('It has this content already; there is no new version.\n');
    });
  policy
    .command('rm')
    .summary('keep a policy from new runs; its versions stay readable')
    .argument('<name>')
    .action(async (name: string, _: object, command: Command) => {
      await apiOf(command).send('DELETE', policyPath(name));
      if (wantsJson(command)) printJson(io, { name });
      else io.out(`${name} is deleted\n`);
    });
}

function readReference(typed: string): { name: string; version: number | null } {
  const reference = parsePolicyReference(typed);
  if (reference === null) throw new UsageError(`${typed}: write the name of a policy, such as patient or patient@3.`);
  return reference;
}

function nameIn(document: unknown, file: string): string {
  const name = (document as { name?: unknown } | null)?.name;
  if (typeof name === 'string' && name !== '') return name;
  throw new UsageError(`The file ${file} names no policy; write a field such as "name: patient".`);
}

function tableOfPolicies(policies: readonly NamedPolicy[]): string[] {
  return table(
    ['NAME', 'VERSION', 'FROM', 'WHAT FOR'],
    policies.map(({ name, version, file, description }) => [name, String(version), file ?? 'the API', description]),
  );
}

function tableOfVersions(policies: readonly NamedPolicy[]): string[] {
  return table(
    ['VERSION', 'SINCE', 'WHAT FOR'],
    policies.map(({ version, createdAt, description }) => [String(version), createdAt, description]),
  );
}

function describePolicy({ policy, name, version, description, createdAt, file, deletedAt }: NamedPolicy): string {
  const rows: [string, string][] = [
    ['name', name],
    ['version', `${version}, since ${createdAt}`],
    ['what for', description],
    ['file', file ?? ''],
    ['deleted', deletedAt ?? ''],
  ];
  const facts = rows.filter(([, value]) => value !== '').map(([label, value]) => `${label.padEnd(8)} ${value}`);
  return `${facts.join('\n')}\n\n${stringify(policy)}`;
}

function policyPath(name: string): string {
  return `/v1/policies/${encodeURIComponent(name)}`;
}
