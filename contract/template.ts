import type { ParamValue, RunSpec } from './spec';

type Templates = Pick<RunSpec, 'command' | 'env' | 'params'>;

/**
 * The command and the environment of a spec with `{{params.<name>}}` replaced by the parameter's value. What is put in is
 * not looked at again, and braces around anything else are left alone.
 *
 * @throws {RangeError} on a parameter that the spec does not have; a validated spec has none.
 */
export function renderTemplates(spec: Templates): { command?: string[]; env: Record<string, string> } {
  const render = (text: string) => renderTemplate(text, spec.params);
  const env = Object.fromEntries(Object.entries(spec.env).map(([name, text]) => [name, render(text)]));
  return spec.command === undefined ? { env } : { command: spec.command.map(render), env };
}

/** The parameters that a text names and `params` does not have. */
export function unknownParams(text: string, params: Record<string, unknown>): string[] {
  return [...text.matchAll(PLACEHOLDER)]
    .map((match) => paramName(match[1]!))
    .filter((name) => name !== undefined)
    .filter((name) => !Object.hasOwn(params, name));
}

// Without nested repetition, so that no text takes more than linear time.
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

function renderTemplate(text: string, params: Record<string, ParamValue>): string {
  return text.replace(PLACEHOLDER, (whole: string, inner: string) => {
    const name = paramName(inner);
    if (name === undefined) return whole;
    if (!Object.hasOwn(params, name)) throw new RangeError(`there is no parameter "${name}"`);
    return String(params[name]);
  });
}

function paramName(inner: string): string | undefined {
  const trimmed = inner.trim();
  return trimmed.startsWith('params.') ? trimmed.slice('params.'.length) : undefined;
}
