import { Type } from '@sinclair/typebox';

/** The kinds that most settings are of. `env` names the variable of a setting. */

export const text = (env: string, fallback: string, description: string) =>
  Type.String({ env, default: fallback, description, minLength: 1 });
export const whole = (env: string, fallback: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ env, default: fallback, minimum, maximum, description });
export const flag = (env: string, fallback: boolean, description: string) =>
  Type.Boolean({ env, default: fallback, description });
export const list = (env: string, description: string) =>
  Type.Array(Type.String({ minLength: 1 }), {
    env,
    default: [],
    description: `${description} In the variable: separated by commas.`,
  });
export const closed = { additionalProperties: false, default: {} } as const;
