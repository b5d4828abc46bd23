/**
 * A world that is fed from a recording: its log holds what the recording does, in that order and once, and derives what a plain replay of it does.
 *
 *   recorded steps ─┬─ data, commands ═══ those of the log, one after the other, at their times
 *                   └─ folded by a core without cluster or faults ═══ the events of the log's actors
 *
 * Not compared: declarations and reports of feeds one by one, which may come twice; events about the running of the cluster (RUNNING). From a
 * command whose sender was left without an answer on, events are not compared: its place in the log is not known. Nothing is where servers
 * forgot entries.
 */
import { Core, type CoreDefinitions } from "../../../actors/core/mod.ts";
import { sameBytes } from "../../../actors/mod.ts";
import { encodeMessage } from "../../../protocol/codec.ts";
import type { Frame } from "../../../protocol/frame.ts";
import type {
  CommandInput,
  ConfigChanged,
  EventMessage,
  Input,
  QuantumInput,
  SessionOpened,
} from "../../../protocol/messages.ts";
import { isData, type RecordedInputs, type RecordedStep } from "../recorded/inputs.ts";
import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedInput } from "./reference-replay.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/** Actors whose events tell how the cluster runs, which the recording cannot know. */
const RUNNING: ReadonlySet<string> = new Set(["monitor", "feedWatcher", "runtime"]);

/** So near the world's clock a new owner goes on with the clock (actors/partition/logical-time.ts), and data may be late: an hour, the length of a world. */
const NEAR_CLOCK_US = 3_600_000_000;

/** What of a partition's steps was found in its log. */
interface Found {
  /** Steps up to there are in the log, or need not be. */
  at: number;
  opened: { readonly timeUs: number; readonly input: SessionOpened } | null;
  /** Logical times of the steps, and the inputs of commands as the log has them. */
  readonly timesUs: Map<number, number>;
  readonly commands: Map<number, Input>;
  /** Commands without an answer. */
  readonly unsure: Set<number>;
  /** Steps that were answered as durable. */
  durable: number;
  /** Time of the last input. */
  nowUs: number;
}

export function recordedSame(recording: RecordedInputs, stored: StoredLogs, startUs: number): Checker {
  const steps = new Map(recording.partitions.map((each) => [each.partition, each.steps]));
  const found = new Map<string, Found>();

  return {
    name: "recorded-same",
    rule: "the log of a recorded session holds its data and commands once and in order, and derives the events of a plain replay",
    observes: ["recordedDurable", "recordedUnsure"],
    observe(observation) {
      if (observation.kind === "recordedUnsure") of(observation.partition).unsure.add(observation.step);
      else {
        const { partition, steps: durable } = observation as Observed<"recordedDurable">;
        of(partition).durable = durable;
      }
      return null;
    },
    replayed({ partition, sequence, timeUs, input }: ReplayedInput) {
      if (stored.lossy.has(partition) || !steps.has(partition)) return null;
      const run = of(partition);
      const beforeUs = run.nowUs;
      run.nowUs = timeUs;
      if (input.type === "sessionOpened") run.opened ??= { timeUs, input };
      if (!isPersonal(input) && !isNumbered(input)) return null;
      if (isPersonal(input) && isUnsure(partition, input)) return null;
      const at = nextOf(partition, run.at);
      const step = steps.get(partition)![at];
      const where = `input ${sequence} of ${partition}, ${textOf(input)},`;
      if (step === undefined) return `${where} comes after the last of the recording`;
      if (!isSame(step, input)) return `${where} stands where the recording has ${stepText(step)}`;
      run.timesUs.set(at, timeUs);
      run.at = at + 1;
      if (isPersonal(input)) run.commands.set(at, input);
      const expectedUs = input.type === "frame" ? Math.max(beforeUs, input.time[input.count - 1]!) : timeUs;
      return timeUs === expectedUs || Math.abs(timeUs - startUs) < NEAR_CLOCK_US
        ? null
        : `${where} has the time ${timeUs}; expected ${expectedUs}`;
    },
    finish({ definitions }: WorldEnd, { partitions }: ReplayedLogs) {
      for (const [partition, all] of steps) {
        const replayed = partitions.get(partition);
        if (stored.lossy.has(partition) || replayed === undefined) continue;
        const run = of(partition);
        const next = nextOf(partition, run.at);
        if (next < run.durable)
          return `${stepText(all[next]!)} was answered as durable and is not in the log of ${partition}`;
        const wrong = firstDifference(plainReplay(definitions, all, run), replayed.events);
        if (wrong !== null) return `${partition}: ${wrong}`;
      }
      return null;
    },
  };

  function of(partition: string): Found {
    let run = found.get(partition);
    if (run === undefined) {
      run = {
        at: 0,
        opened: null,
        timesUs: new Map(),
        commands: new Map(),
        unsure: new Set(),
        durable: 0,
        nowUs: 0,
      };
      found.set(partition, run);
    }
    return run;
  }

  /** The next step that must be in the log as it is. */
  function nextOf(partition: string, from: number): number {
    const all = steps.get(partition)!;
    const { unsure } = of(partition);
    let next = from;
    while (next < all.length && (unsure.has(next) || isReport(all[next]!))) next++;
    return next;
  }

  function isUnsure(partition: string, input: ConfigChanged | CommandInput): boolean {
    const all = steps.get(partition)!;
    return [...of(partition).unsure].some((step) => isSame(all[step]!, input));
  }
}

/** The steps that are in the log, at their times there, without cluster or faults. */
function plainReplay(
  definitions: CoreDefinitions,
  steps: readonly RecordedStep[],
  { at, opened, timesUs, commands, unsure }: Found,
): { readonly events: EventMessage[]; readonly isWhole: boolean } {
  const events: EventMessage[] = [];
  const core = new Core(definitions, {
    unread: true,
    event: (event) => void events.push(event),
    state() {},
    metrics() {},
  });
  if (opened === null) return { events, isWhole: at === 0 };
  core.apply(1, opened.timeUs, opened.input);
  for (const [index, step] of steps.slice(0, at).entries()) {
    if (unsure.has(index)) return { events, isWhole: false };
    const input = step.by === "feed" ? step.input : commands.get(index)!;
    core.apply(core.sequence + 1, timesUs.get(index) ?? core.now, input);
  }
  return { events, isWhole: true };
}

function firstDifference(
  { events, isWhole }: { readonly events: readonly EventMessage[]; readonly isWhole: boolean },
  logged: readonly EventMessage[],
): string | null {
  const expected = events.filter(isOfData);
  const found = logged.filter(isOfData);
  for (const [k, event] of expected.entries()) {
    const other = found[k];
    if (other === undefined) return `${event.title} of the plain replay is not among the events of the log`;
    if (contentOf(event) !== contentOf(other))
      return `event ${other.sequence} is ${contentOf(other)}; the plain replay of the recording has ${contentOf(event)}`;
  }
  const more = found[expected.length];
  return isWhole && more !== undefined
    ? `event ${more.sequence}, ${more.title}, is none of the plain replay of the recording`
    : null;
}

function isOfData({ actor }: EventMessage): boolean {
  return !RUNNING.has(actor);
}

/** All but its place: other inputs of the cluster stand between those of the recording. */
function contentOf({ sequence: _, id: __, ...content }: EventMessage): string {
  return JSON.stringify(content);
}

type Personal = ConfigChanged | CommandInput;

function isPersonal(input: Input): input is Personal {
  return input.type === "configChanged" || input.type === "command";
}

function isNumbered(input: Input): input is Frame | QuantumInput {
  return NUMBERED.has(input.type);
}

const NUMBERED: ReadonlySet<string> = new Set<Input["type"]>([
  "frame",
  "densityMatrix",
  "stateVector",
  "measurementRecord",
]);

/** Declarations and reports are not numbered: they may come again. */
function isReport(step: RecordedStep): boolean {
  return step.by === "feed" && !isData(step.input);
}

function isSame(step: RecordedStep, input: Frame | QuantumInput | Personal): boolean {
  if (step.by === "feed") return sameBytes(encodeMessage(step.input), encodeMessage(input));
  const { command, author } = step;
  if (input.type === "command") return input.name === command.name && input.author.id === author.authorId;
  return input.type === "configChanged" && input.authorId === author.authorId;
}

function stepText(step: RecordedStep): string {
  return step.by === "feed" ? textOf(step.input) : `${step.command.name} of ${step.author.author}`;
}

function textOf(input: Input): string {
  if (input.type === "command") return `${input.name} of ${input.author.id}`;
  if ("source" in input && "sequence" in input) return `${input.type} ${input.sequence} of ${input.source}`;
  return "author" in input && typeof input.author === "string"
    ? `${input.type} of ${input.author}`
    : input.type;
}
