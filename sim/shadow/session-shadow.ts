/** A live session's shadow: what it finds stands in the session's log, as an event. */
import type { Journal } from "../../actors/ports/journal.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";
import type { Difference } from "../recordings/replay/verifier.ts";
import { Shadow, type ShadowReport } from "./shadow.ts";

/** Who says it. */
const AUTHOR = "shadow";

/** Enough of a recorded and a replayed value for one line. */
const VALUE_CHARACTERS = 200;

type Announce = (notice: Omit<OperatorNotice, "type">) => void;

export class SessionShadow {
  private readonly shadow: Shadow;
  private readonly log: (message: string) => void;
  /** What was found before there was anybody to announce it. */
  private readonly waiting: Omit<OperatorNotice, "type">[] = [];
  private announce: Announce | null = null;

  constructor(log: (message: string) => void) {
    this.log = log;
    this.shadow = new Shadow({
      difference: (difference) => this.tell(differenceNotice(difference)),
      ended: () => this.tell(ENDED),
      log,
    });
  }

  /** To be opened by the session in the journal's place. */
  follow(journal: Journal): Promise<Journal> {
    return this.shadow.follow(journal);
  }

  /** From now on what is found is announced. */
  announceBy(announce: Announce): void {
    this.announce = announce;
    for (const notice of this.waiting.splice(0)) announce(notice);
  }

  gauges(): Record<string, number> {
    return this.shadow.gauges();
  }

  /** Waits some seconds for the shadow, so that what it finds can still be announced. */
  async caughtUp(): Promise<void> {
    await this.shadow.caughtUp();
  }

  /** The session closes its log: what is found from now on is told to people only. */
  logCloses(): void {
    this.announce = ({ title }) => this.log(title);
  }

  /** When the log is closed. */
  finish(): Promise<ShadowReport> {
    return this.shadow.finish();
  }

  private tell(notice: Omit<OperatorNotice, "type">): void {
    if (this.announce === null) this.waiting.push(notice);
    else this.announce(notice);
  }
}

const ENDED: Omit<OperatorNotice, "type"> = {
  kind: "shadow.ended",
  severity: "warning",
  group: "",
  channels: [],
  title: "the shadow's process ended: nothing is compared any more",
  detail: {},
  author: AUTHOR,
};

export function differenceNotice(difference: Difference): Omit<OperatorNotice, "type"> {
  const { block, input, actor, field, index } = difference;
  return {
    kind: "shadow.differs",
    severity: "critical",
    group: "",
    channels: [],
    title: `executed once more, block ${block} comes out differently at input ${input}: ${actor} ${field}`,
    detail: {
      block,
      input,
      actor,
      field,
      index,
      recorded: difference.recorded.slice(0, VALUE_CHARACTERS),
      replayed: difference.replayed.slice(0, VALUE_CHARACTERS),
    },
    author: AUTHOR,
  };
}
