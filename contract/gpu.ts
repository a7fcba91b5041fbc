import { Type, type Static } from '@sinclair/typebox';

/** What keeps a GPU from being given to a run, although it is there. */
export const GPU_TROUBLES = ['used-from-outside', 'not-freed', 'unhealthy'] as const;

export type GpuTrouble = (typeof GPU_TROUBLES)[number];

/** A GPU of a host, or a slice of one that the driver has cut (MIG), as the worker of the host sees it. */
export const GpuSchema = Type.Object(
  {
    id: Type.String({
      description: 'UUID of the driver, such as `GPU-…` or `MIG-…`; by it a container is given the GPU.',
    }),
    index: Type.Integer({ minimum: 0, description: 'Place in the list of the driver.' }),
    model: Type.String({ description: 'Such as `NVIDIA H100 80GB HBM3`.' }),
    memoryBytes: Type.Integer({ minimum: 0 }),
    mig: Type.Boolean({ description: 'Whether it is a slice of a GPU.' }),
    trouble: Type.Union([
      Type.Unsafe<GpuTrouble>(
        Type.String({
          enum: [...GPU_TROUBLES],
          description:
            'used-from-outside: a process that is no run of this server has it. not-freed: the container of a run that ended still has it. unhealthy: the driver says so.',
        }),
      ),
      Type.Null(),
    ]),
    /** One sentence; null where there is no trouble. */
    detail: Type.Union([Type.String(), Type.Null()]),
  },
  { title: 'Gpu' },
);

export type Gpu = Static<typeof GpuSchema>;
