/** The injections of a session: overlays on frames that are about to enter the log, begun and ended by a notice each. */
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";
import type { Core } from "../core/core.ts";
import type { FrameOverlay } from "../ports/overlay.ts";

/** Injections at a time: each looks at every frame, and more than a handful cannot be distinguished on the charts. */
const INJECTIONS_MAX = 16;

export class Injections {
  private readonly core: Core;
  private readonly notice: (notice: Omit<OperatorNotice, "type">) => void;
  private readonly overlays: FrameOverlay[] = [];

  /** `notice` enters a mark into the log. */
  constructor(core: Core, notice: (notice: Omit<OperatorNotice, "type">) => void) {
    this.core = core;
    this.notice = notice;
  }

  /** Throws when the overlay cannot be applied; then nothing enters the log. `by`: the command that asked, for the mark. */
  begin(overlay: FrameOverlay, by: Pick<OperatorNotice, "command"> = {}): void {
    this.check(overlay);
    this.notice({ ...overlay.begin, ...by });
    this.overlays.push(overlay);
  }

  underWay(): Omit<OperatorNotice, "type">[] {
    return this.overlays.map(({ begin }) => begin);
  }

  /** The frame as changed by the overlays, or null when no sample is left. Overlays that end before the frame are ended. */
  applyTo(frame: Frame): Frame | null {
    if (this.overlays.length === 0) return frame;
    let left: Frame | null = frame;
    for (const overlay of [...this.overlays]) {
      if (frame.time[0]! > overlay.untilUs) {
        this.overlays.splice(this.overlays.indexOf(overlay), 1);
        this.notice(overlay.end);
      } else if (left !== null && overlay.group === frame.group) left = overlay.apply(left);
    }
    return left;
  }

  /** A session that ends ends its injections: the next one does not continue them. */
  endAll(): void {
    for (const overlay of this.overlays.splice(0)) this.notice(overlay.end);
  }

  private check({ name, group, untilUs }: FrameOverlay): void {
    const action = `inject ${name} into group ${group}`;
    if (untilUs <= this.core.now)
      throw new EigenwatchError({ action, value: "it is over already", expected: "an end in the future" });
    if (this.core.channelsOf(group) === 0) {
      const known = this.core.declarations().map((declaration) => declaration.group);
      throw new EigenwatchError({ action, value: "no such group", expected: `one of ${known.join(", ")}` });
    }
    if (this.core.hasStates(group))
      throw new EigenwatchError({ action, value: "a group of states", expected: "a group of samples" });
    const { length } = this.overlays;
    if (length >= INJECTIONS_MAX)
      throw new EigenwatchError({
        action,
        value: `${length} injections have not ended`,
        expected: `at most ${INJECTIONS_MAX} at a time`,
        kind: "limit",
      });
  }
}
