/** One invariant. It receives the observations of a run and, at the end, the result of replaying its logs. */
import type { Observation, ObservationKind, WorldEnd } from "./observation.ts";
import type { ReplayedInput } from "./reference-replay.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

export type Observed<Kind extends ObservationKind> = Extract<Observation, { kind: Kind }>;

export interface Checker {
  /** The rule's name in reports and in the corpus, e.g. "one-chain". */
  readonly name: string;
  /** The rule in one sentence. */
  readonly rule: string;
  /** Kinds of observations that it receives. */
  readonly observes: readonly ObservationKind[];
  /** What is wrong, or null. */
  observe?(observation: Observation): string | null;
  /** Receives each input of the admitted log during the replay, right after the core has applied it. */
  replayed?(input: ReplayedInput): string | null;
  /** Called at the end of a run, after the admitted logs were replayed without faults. */
  finish?(end: WorldEnd, logs: ReplayedLogs): string | null;
}
