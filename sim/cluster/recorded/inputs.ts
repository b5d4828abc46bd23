/**
 * What a recording gives a simulated world: the inputs of its log that a feed or a person sends, in order, and the rest by number.
 *
 *   log ─┬─ declarations, frames, quantum data, reports of feeds ─► sent by a feed, under their sources
 *        ├─ settings, commands ─────────────────────────────────► sent by a person, through a node
 *        └─ all else (openings, measurements, notices, …) ──────► not sent: the runtime of the world makes its own
 *
 * N1  Data keeps its numbers and times. Data of a source that does not number gets numbers, so that what is sent again counts once.
 * N2  Each command has an author of its own, so that it is found in the log whatever became of its answer.
 */
import { inputs, openRecording, recordedPartitions } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { type Command, loggedCommand, readCommand } from "../../../protocol/commands.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { Frame } from "../../../protocol/frame.ts";
import type {
  Channels,
  CommandInput,
  ConfigChanged,
  FeedStatus,
  Input,
  QuantumInput,
} from "../../../protocol/messages.ts";
import { type Author, ROLES, type Role } from "../../../protocol/principal.ts";
import { parseSettings, type Settings } from "../../../protocol/settings.ts";

/**
 * Encoded inputs that a world takes, all partitions together. It holds them decoded, on its servers, in every node that reads the log, and in
 * the checkers: a gigabyte.
 */
const RECORDED_BYTES_MAX = 32 << 20;

export type FedInput = Channels | Frame | QuantumInput | FeedStatus;

/** What is sent, with its recorded logical time: by a feed, or by a person. */
export type RecordedStep =
  | { readonly by: "feed"; readonly timeUs: number; readonly input: FedInput }
  | { readonly by: "person"; readonly timeUs: number; readonly command: Command; readonly author: Author };

export interface RecordedPartition {
  readonly partition: string;
  readonly steps: readonly RecordedStep[];
  /** Inputs that nobody sends, by type. */
  readonly notSent: Readonly<Record<string, number>>;
}

export interface RecordedInputs {
  /** Of the session when it was opened. */
  readonly settings: Settings;
  /** Those with something to send. */
  readonly partitions: readonly RecordedPartition[];
}

/** Rejects, naming the folder, when it is no recording, lacks its beginning, holds nothing to send, or is too large for a world. */
export async function readRecordedInputs(recording: string): Promise<RecordedInputs> {
  const partitions: RecordedPartition[] = [];
  let settings: Settings | null = null;
  let bytes = 0;
  for (const { directory } of await recordedPartitions(recording)) {
    const journal = await openRecording(directory);
    try {
      const reader = new Reader(journal.partition);
      checkBeginning(journal, directory);
      for await (const { timeUs, input, bytes: encoded } of inputs(journal)) {
        bytes += encoded.length;
        if (bytes > RECORDED_BYTES_MAX) throw tooLarge(recording);
        if (input.type === "sessionOpened") settings ??= parseSettings(input.settings);
        reader.read(timeUs, input);
      }
      if (reader.steps.length > 0) partitions.push(reader);
    } finally {
      await journal.close();
    }
  }
  if (settings === null || partitions.length === 0)
    throw new EigenwatchError({
      action: `simulate recording ${recording}`,
      value: "it holds nothing that a feed or a person sent",
      expected: "a recording with data",
      kind: "input",
    });
  return { settings, partitions };
}

function checkBeginning({ first }: Journal, directory: string): void {
  if (first === null || first.number === 1) return;
  throw new EigenwatchError({
    action: `simulate recording ${directory}`,
    value: `it begins with block ${first.number}`,
    expected: "one whose beginning is kept: a world starts without a state",
    kind: "input",
  });
}

function tooLarge(recording: string): EigenwatchError {
  return new EigenwatchError({
    action: `simulate recording ${recording}`,
    value: `its inputs take more than ${RECORDED_BYTES_MAX} bytes`,
    expected: "at most RECORDED_BYTES_MAX: cut one with whatif --until, or record a shorter one",
    kind: "limit",
  });
}

/** Gathers the steps of one partition. */
class Reader implements RecordedPartition {
  readonly partition: string;
  readonly steps: RecordedStep[] = [];
  readonly notSent: Record<string, number> = {};
  /** Of sources that do not number. */
  private readonly numbers = new Map<string, number>();
  private people = 0;

  constructor(partition: string) {
    this.partition = partition;
  }

  read(timeUs: number, input: Input): void {
    const step = this.stepOf(timeUs, input);
    if (step === null) this.notSent[input.type] = (this.notSent[input.type] ?? 0) + 1;
    else this.steps.push(step);
  }

  private stepOf(timeUs: number, input: Input): RecordedStep | null {
    switch (input.type) {
      case "channels":
      case "feedStatus":
        return { by: "feed", timeUs, input };
      case "frame":
      case "densityMatrix":
      case "stateVector":
      case "measurementRecord":
        return { by: "feed", timeUs, input: this.numbered(input) };
      case "configChanged":
      case "command":
        return this.personal(timeUs, input);
      default:
        return null;
    }
  }

  private numbered<Data extends Frame | QuantumInput>(input: Data): Data {
    if (input.sequence > 0) return input;
    const sequence = (this.numbers.get(input.source) ?? 0) + 1;
    this.numbers.set(input.source, sequence);
    return { ...input, sequence };
  }

  /** Null for what no command of this program says. */
  private personal(timeUs: number, input: ConfigChanged | CommandInput): RecordedStep | null {
    try {
      const command: Command =
        input.type === "configChanged"
          ? readCommand("changeSetting", { path: input.path, value: input.value })
          : readCommand(loggedCommand(input.name), input.body);
      return { by: "person", timeUs, command, author: authorOf(input, ++this.people) };
    } catch (error) {
      if (error instanceof EigenwatchError) return null;
      throw error;
    }
  }
}

/** The recorded author, told from all others by a number. */
function authorOf(input: ConfigChanged | CommandInput, number: number): Author {
  const { id, name, role } =
    input.type === "command"
      ? input.author
      : { id: input.authorId ?? input.author, name: input.author, role: input.authorRole };
  const known = ROLES.find((each): each is Role => each === role);
  return {
    author: `${name ?? id} (recorded ${number})`,
    authorId: `${id} (recorded ${number})`,
    authorRole: known ?? "owner",
  };
}

/** Whether it enters the log under a number, so that its place there is known. */
export function isData(input: FedInput): input is Frame | QuantumInput {
  return input.type !== "channels" && input.type !== "feedStatus";
}
