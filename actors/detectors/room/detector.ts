/**
 * Keeps the shared document of a session: applies edits, repairs what they break, and announces what they change.
 *
 *   edit (admitted by gate.ts) ─► document.ts ─► one update for everybody, and announcements
 *
 * The document is made with the first edit: a session that nobody edits has none. It has no fixed length, so it is `kept` (actors/ports/detector.ts).
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import type { CommandInput, Edit, Input } from "../../../protocol/messages.ts";
import { ROOM_AUTHOR } from "../../../protocol/room-document.ts";
import type {
  InForce,
  OfferedWorkflow,
  PerformedStep,
  Renewed,
  SessionFactName,
} from "../../../protocol/session-facts.ts";
import { WORKFLOW_AUTHOR } from "../../../protocol/workflow.ts";
import type { Detector, DetectorContext, Fields, KeptState } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { announcementsOf } from "./announcements.ts";
import { type AppliedEdit, type EditSurroundings, RoomDocument, type SavedDocument } from "./document.ts";
import { type Judgement, judgeEdit } from "./gate.ts";
import { roomMachine } from "./machine.ts";

/** Author of automatic steps of workflows. */
const PROGRAM = { author: WORKFLOW_AUTHOR, name: WORKFLOW_AUTHOR, role: "program" };

export const room = defineDetector({
  name: "room",
  version: 7,
  machine: roomMachine,
  commands: ["alerts.inForce", "document.renewed", "workflow.offered", "workflow.performed"],
  adapts: true,
  enabled: () => true,
  createDetector: () => new RoomDetector(),
  machineInput: () => ({}),
});

export class RoomDetector implements Detector<typeof roomMachine> {
  readonly fields: Fields = {};
  readonly kept: KeptState = {
    text: () => this.edited?.text() ?? "",
    save: () => new Encoder().encode(this.edited?.save() ?? null),
    restore: (bytes) => {
      const saved = new Decoder().decode(bytes) as SavedDocument | null;
      this.made = saved === null ? null : new RoomDocument(saved);
    },
  };
  private made: RoomDocument | null = null;

  /** As all edits so far have made it. */
  get document(): RoomDocument {
    this.made ??= new RoomDocument();
    return this.made;
  }

  /** The document, once there was an edit. Being asked for it makes one, which is no change. */
  private get edited(): RoomDocument | null {
    return this.made === null || this.made.isEmpty ? null : this.made;
  }

  /** Whether an edit may enter the log, as the next input. */
  judge(edit: Edit, newWritersMax?: number): Judgement {
    return judgeEdit(this.document, edit, newWritersMax);
  }

  /**
   * A restart of the actor would begin with an empty document: whatever an edit does here, the document stays. How far the edit came nobody knows,
   * so all get the whole of what there is then: nothing that the document lacks, and nothing less.
   */
  private applied(edit: Edit, around: EditSurroundings): AppliedEdit {
    try {
      return this.document.apply(edit, around);
    } catch {
      const saved = this.document.save();
      this.made = new RoomDocument(saved);
      const repairs = [
        { root: "meta", key: "document", field: null, expected: "an edit that can be settled" },
      ] as const;
      return { update: saved.update, changes: [], repairs };
    }
  }

  onInput(input: Input, context: DetectorContext<typeof roomMachine>): void {
    if (input.type === "command") this.fact(input, context);
    if (input.type === "edit") this.announce(input, this.applied(input, context), context);
  }

  /** Takes a fact that the session's program has entered. */
  private fact({ name, body }: CommandInput, context: DetectorContext<typeof roomMachine>): void {
    const leaves = (update: Uint8Array | null): void => {
      if (update !== null) this.leaves(update, ROOM_AUTHOR, context);
    };
    switch (name as SessionFactName) {
      case "document.renewed":
        this.renew(body as Renewed, context);
        break;
      case "alerts.inForce":
        leaves(this.document.showInForce(body as InForce, context));
        break;
      case "workflow.offered":
        leaves(this.document.offer(body as OfferedWorkflow, context));
        break;
      case "workflow.performed": {
        const applied = this.document.perform(body as PerformedStep, context);
        if (applied !== null) this.announce(PROGRAM, applied, context);
        break;
      }
    }
  }

  private announce(
    author: Parameters<typeof announcementsOf>[0],
    { update, changes, repairs }: AppliedEdit,
    context: DetectorContext<typeof roomMachine>,
  ): void {
    for (const { kind, severity, title, detail } of announcementsOf(author, changes, repairs))
      context.signal({
        type: "changed",
        timeUs: context.now,
        kind,
        severity,
        title,
        detail: JSON.stringify(detail),
      });
    this.leaves(update, author.author, context);
  }

  private leaves(update: Uint8Array, author: string, context: DetectorContext<typeof roomMachine>): void {
    context.edited?.({
      type: "edited",
      inputSequence: context.sequence,
      update,
      author,
      epoch: this.document.epoch,
    });
  }

  private renew({ epoch }: Renewed, context: DetectorContext<typeof roomMachine>): void {
    if (epoch !== this.document.epoch) return;
    const writers = this.document.writers.size;
    this.made = this.document.renewed(context);
    this.leaves(this.made.save().update, ROOM_AUTHOR, context);
    const next = this.made.epoch;
    context.signal({
      type: "changed",
      timeUs: context.now,
      kind: "document.renewed",
      severity: "info",
      title: `the shared document was made anew from its content, after changes of ${writers} writers`,
      detail: JSON.stringify({ epoch: next, writers }),
    });
  }
}
