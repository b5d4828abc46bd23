/**
 * One branch beside its original, block by block.
 *
 *   recording ─┬─ blocks ──► rewriters ──► branch log (core, blocks, recording) ──► events ─┐
 *              │                                                                         ├──► aligner ──► differences
 *              └─ notes ───► original log ─────────────────────────────────────► events ─┘
 */
import { type CoreDefinitions, hex } from "../../../actors/core/mod.ts";
import { BlockChain, decodeInput, undamaged } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { DecodedBlock } from "../../../protocol/block.ts";
import { encodeMessage } from "../../../protocol/codec.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { EventMessage, Input } from "../../../protocol/messages.ts";
import type { EventDifference } from "../alignment-round.ts";
import { byTime, EventAligner, inOrder, type TimedDifference, timed } from "../event-alignment.ts";
import { BranchLog } from "./branch-log.ts";
import type { BranchRecording } from "./branch-recording.ts";
import { OriginalEvents } from "./original-events.ts";
import type { BranchPlan } from "./plan.ts";
import type { WhatIfResult } from "./result.ts";

export interface BranchObserver {
  signal?: AbortSignal;
  progress?(progress: WhatIfProgress): void;
  /** Called as soon as a difference is decided: a later event of one kind may be reported before an earlier one of another kind. */
  difference?(difference: EventDifference, original: EventMessage | null, branch: EventMessage | null): void;
}

export interface WhatIfProgress {
  inputs: number;
  of: number;
  timeUs: number;
}

/** A turn of the event loop is given back this often: the same process may be serving people. */
const TURN_MS = 10;

/**
 * Samples between two looks whether all events of the original are known: snapshots are no closer. The first looks are closer, so that
 * the first differences are reported soon.
 */
const CONFIRM_SAMPLES = 131_072;
const FIRST_CONFIRM_SAMPLES = 4_096;

export class BranchRun {
  private readonly journal: Journal;
  private readonly plan: BranchPlan;
  private readonly options: BranchObserver;
  private readonly recording: BranchRecording | null;
  private readonly log: BranchLog;
  private readonly original: OriginalEvents;
  private readonly aligner: EventAligner;
  private readonly scratch = createScratchFrame();
  /** For what an rewriter made of a frame, as it is in the log. */
  private readonly edited = createScratchFrame();
  private readonly found: TimedDifference[] = [];
  private readonly unreported: (TimedDifference & { a: EventMessage | null; b: EventMessage | null })[] = [];
  private readonly events: EventMessage[] = [];
  private readonly originals: EventMessage[] = [];
  /** The last block and input of the original that were taken, and its time. */
  private lastBlock: number;
  private lastSequence: number;
  private lastUs: number;
  /** How long before its input's time a sample was taken, at most: as old an event may be. */
  private longestUs = 0;
  private confirmAtSamples: number;
  private turnStartMs = performance.now();

  constructor(
    journal: Journal,
    definitions: CoreDefinitions,
    plan: BranchPlan,
    recording: BranchRecording | null,
    options: BranchObserver,
  ) {
    this.journal = journal;
    this.plan = plan;
    this.options = options;
    this.recording = recording;
    this.aligner = new EventAligner(plan.toleranceUs, (difference, a, b) => {
      const decided = timed(difference, a, b);
      this.found.push(decided);
      if (options.difference) this.unreported.push({ ...decided, a, b });
    });
    this.original = new OriginalEvents(journal, definitions, plan.eventsBefore, plan.base, (event) => {
      this.originals.push(event);
      this.aligner.original(event);
    });
    this.log = new BranchLog({
      core: plan.core,
      after: { number: plan.parent.block, hash: plan.previousHash },
      recording,
      event: (event) => this.branchEvent(event),
    });
    plan.attach(this.log);
    this.lastBlock = plan.parent.block;
    this.lastSequence = plan.core.sequence;
    this.lastUs = plan.core.now;
    this.confirmAtSamples = plan.samplesBefore + FIRST_CONFIRM_SAMPLES;
  }

  async run(): Promise<WhatIfResult> {
    const chain = new BlockChain();
    for await (const entry of undamaged(this.journal.read(this.plan.parent.block + 1))) {
      if (entry.kind === "derived") this.original.note(entry.bytes);
      if (entry.kind !== "block") continue;
      const whole = this.takeBlock(chain.next(entry.block, this.lastSequence));
      await this.log.endBlock();
      await this.betweenBlocks();
      if (!whole) break;
    }
    await this.original.finish(this.lastBlock, this.lastSequence, this.lastUs);
    this.aligner.finish();
    this.report();
    const written = await this.log.finish();
    return this.result(written ? this.recording!.directory : null);
  }

  /** False when the branch ends inside the block. */
  private takeBlock(block: DecodedBlock): boolean {
    const { plan, log } = this;
    const { sequence: from } = plan.parent;
    let whole = true;
    log.beginBlock(block);
    block.forEach((sequence, timeUs, bytes) => {
      if (!whole) return;
      if (timeUs > plan.untilUs) {
        whole = false;
        return;
      }
      const input = decodeInput(bytes, this.scratch);
      if (input.type === "frame") this.longestUs = Math.max(this.longestUs, timeUs - input.time[0]!);
      if (sequence < from || plan.rewriters.length === 0) log.admit(timeUs, bytes, input);
      else this.admitEdited(timeUs, bytes, input);
      this.lastSequence = sequence;
      this.lastUs = timeUs;
    });
    if (this.lastSequence >= block.firstSequence) this.lastBlock = block.number;
    return whole;
  }

  private admitEdited(timeUs: number, bytes: Uint8Array, input: Input): void {
    const { log } = this;
    let now: Input | null = input;
    for (const rewriter of this.plan.rewriters) {
      rewriter.before(timeUs, input, (atUs, inserted) => {
        this.admitChanged(Math.max(log.core.now, Math.min(atUs, timeUs)), inserted);
      });
      if (now !== null) now = rewriter.change(now);
    }
    if (now === input) log.admit(timeUs, bytes, input);
    else if (now !== null) this.admitChanged(timeUs, now);
  }

  /** The core is given the input as the log stores it: a replay reads nothing else. */
  private admitChanged(timeUs: number, input: Input): void {
    const bytes = encodeMessage(input);
    this.log.admit(timeUs, bytes, decodeInput(bytes, this.edited));
  }

  private async betweenBlocks(): Promise<void> {
    const { core } = this.log;
    const { original, options, plan } = this;
    if (core.samples >= this.confirmAtSamples) {
      const taken = core.samples - plan.samplesBefore;
      this.confirmAtSamples += Math.min(CONFIRM_SAMPLES, Math.max(FIRST_CONFIRM_SAMPLES, taken));
      await original.confirm(this.lastBlock);
      this.aligner.passed(Math.min(original.completeUs, this.lastUs) - this.longestUs);
      this.report();
    }
    if (performance.now() - this.turnStartMs < TURN_MS) return;
    options.signal?.throwIfAborted();
    const before = plan.parent.sequence;
    options.progress?.({
      inputs: Math.max(0, this.lastSequence - before),
      of: Math.max(0, this.journal.last!.lastSequence - before),
      timeUs: this.lastUs,
    });
    await new Promise((resolve) => setImmediate(resolve));
    this.turnStartMs = performance.now();
  }

  /** Reports differences that were decided together in order of time. */
  private report(): void {
    for (const { difference, a, b } of this.unreported.sort(byTime))
      this.options.difference?.(difference, a, b);
    this.unreported.length = 0;
  }

  private branchEvent(event: EventMessage): void {
    if (event.sequence <= this.plan.eventsBefore) return;
    this.events.push(event);
    this.aligner.branch(event);
  }

  private result(written: string | null): WhatIfResult {
    const { plan, log } = this;
    const differences = inOrder(this.found);
    const counts = { same: 0, moved: 0, changed: 0, gone: 0, new: 0 };
    for (const { type } of differences) counts[type]++;
    return {
      branch: written,
      parent: plan.parent,
      atUs: plan.parent.atUs,
      sequence: plan.parent.sequence,
      untilUs: this.lastUs,
      toleranceUs: plan.toleranceUs,
      original: this.originals,
      events: this.events,
      differences,
      counts,
      inputs: log.core.sequence - plan.parent.sequence + 1,
      samples: log.core.samples - plan.samplesBefore,
      finalHash: hex(log.core.hash().hash),
    };
  }
}
