import { Type, type Static } from '@sinclair/typebox';

/** What is known of how an attempt went, besides its end reason and exit code; see policy/evidence for how it is found. */

const Nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(schema: T) =>
  Type.Union([schema, Type.Null()]);

const TracebackSchema = Type.Object({
  type: Type.String({ description: 'Type of the exception, such as `torch.OutOfMemoryError`.' }),
  message: Type.String({ description: 'Its message; a long one is cut.' }),
});

const HintSchema = Type.Object({
  id: Type.String({ description: 'Name of the row in the table of hints.' }),
  sentence: Type.String({ description: 'What it most likely is, and the mend.' }),
});

export const EvidenceSchema = Type.Object(
  {
    signal: Nullable(Type.String({ description: 'Signal that ended the command, where one did.' })),
    outOfMemory: Type.Boolean({
      description:
        'Whether the kernel ended a process of the container for want of memory, also where the command lived on.',
    }),
    peakMemoryBytes: Nullable(
      Type.Integer({ description: 'Most memory that was seen in use; null where nobody saw.' }),
    ),
    cpuSeconds: Type.Union([Type.Number({ description: 'Time of processors that it took.' }), Type.Null()]),
    traceback: Type.Union([TracebackSchema, Type.Null()], { description: 'The last Python traceback near its end.' }),
    hint: Type.Union([HintSchema, Type.Null()]),
    step: Nullable(Type.Integer({ description: 'Highest step or epoch that its last lines name.' })),
    checkpoint: Nullable(Type.String({ description: 'Name of the newest complete checkpoint when it had ended.' })),
  },
  { title: 'Evidence' },
);

/** The machine that an attempt ran on, for whoever wants to have the same again. */
export const MachineSchema = Type.Object(
  {
    imageId: Type.String({ description: 'Id of the image on the engine, `sha256:…`; empty for a local process.' }),
    engineVersion: Nullable(Type.String()),
    kernel: Nullable(Type.String()),
    architecture: Nullable(Type.String()),
    gpuDriver: Nullable(Type.String({ description: 'Version of the GPU driver; null where there is none.' })),
  },
  { title: 'Machine' },
);

export type Traceback = Static<typeof TracebackSchema>;
export type Hint = Static<typeof HintSchema>;
export type Evidence = Static<typeof EvidenceSchema>;
export type Machine = Static<typeof MachineSchema>;

/** What the host saw of a container and found in the end of its log; `followContainer` returns it with the outcome. */
export interface Findings {
  peakMemoryBytes: number | null;
  cpuSeconds: number | null;
  /** Processes of the container that the kernel ended for want of memory; null where nobody could count. */
  oomKills: number | null;
  traceback: Traceback | null;
  hint: Hint | null;
  step: number | null;
  checkpoint: string | null;
  /** Indices of the rules in `policy.retries.rules` whose `log` was found. */
  matchedLogs: number[];
}
