import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Circumstances {
  at: string;
  /** Load averages of 1, 5 and 15 minutes. */
  load: number[];
  runningContainers: number;
  /** What used most of the processors just then: share of one CPU in percent, and the program. */
  busiest: string[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** What else ran: a measurement on a busy machine means less. */
export function circumstances(): Circumstances {
  const busiest = run('ps', ['-eo', 'pcpu=,comm=', '--sort=-pcpu']).split('\n').slice(0, 6);
  return {
    at: new Date().toISOString(),
    load: loadavg().map((value) => rounded(value, 2)),
    runningContainers: run('docker', ['ps', '--quiet']).split('\n').filter(Boolean).length,
    busiest: busiest.map((line) => line.trim()),
  };
}

/** Prints the result and keeps it in bench/results. */
export function report(name: string, result: object): void {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: cpus().length,
    memoryGiB: rounded(totalmem() / 1024 ** 3),
    kernel: release(),
    architecture: arch(),
    node: process.version,
    engine: run('docker', ['version', '--format', '{{.Server.Version}}']),
  };
  const folder = join(__dirname, '../results');
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify({ name, ...result, machine }, null, 2)}\n`;
  writeFileSync(join(folder, `${name}.json`), text);
  process.stdout.write(text);
}

function run(program: string, args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).trim();
}
