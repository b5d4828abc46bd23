/**
 * Commands of the page to its session, over HTTP: replay, injections, what-if questions, thresholds and alerts.
 *
 * The page reads the position of a recorded session once a second, because others may move it, and interpolates by its own clock.
 */
import { computed, signal } from "@preact/signals";
import type { LoggedCommandName } from "../../../protocol/commands.ts";
import type {
  AlertsStatus,
  DocumentEntries,
  InjectableScenario,
  InjectionUnderWay,
  RecordedDocument,
  ReplayMark,
  ReplayMarks,
  ReplayStatus,
  WhatIfAnswer,
} from "../../../protocol/controls.ts";

const READ_EVERY_MS = 1_000;
/** While the server still reads the recording's events. */
const MARKS_AGAIN_MS = 3_000;

type ReplayCommand =
  | { action: "play" }
  | { action: "pause" }
  | { action: "speed"; speed: number | "max" }
  | ({ action: "seek" } & Place);

export type Place = { timeUs: number } | { sequence: number };

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60, "max"] as const;

export interface Joining {
  /** Why the last try failed, "" before the first. */
  readonly failure: string;
  /** Another name may help; else the link opens nothing any more. */
  readonly mayRetry: boolean;
  readonly join: (name: string) => void;
}

/** A session as the gateway lists it. */
interface Offered {
  readonly session: string;
  readonly partition: string;
  readonly controls?: readonly string[];
  readonly refused?: Readonly<Record<string, string>>;
  /** What a browser subscribes to notices with, where the gateway sends any. */
  readonly push?: string;
  /** Of a recording that the live session's gateway opened: the relative address of that session's page. */
  readonly live?: string;
  /** Relative addresses of further WebSockets: "collab/NAME" is that of the shared document. */
  readonly sockets?: readonly string[];
}

/** Who the gateway says is here. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** Came by an invitation. */
  readonly guest: boolean;
}

export class Controls {
  /** Relative address of the session's shared document, null without one. A new object at each connection to the session. */
  readonly shared = signal<{ readonly address: string } | null>(null);
  /** What the session supports: "replay", "inject", "whatIf", "settings", "scan", "recordings", "alerts" (reading), "thresholds" (acting on them). */
  readonly supported = signal<ReadonlySet<string>>(new Set());
  readonly replay = signal<ReplayStatus | null>(null);
  readonly marks = signal<readonly ReplayMark[]>([]);
  /** Of these, what the person's role is too little for, with the roles that it needs. */
  readonly refused = signal<Readonly<Record<string, string>>>({});
  /** Relative address of the live session's page, where this one shows a recording beside it. */
  readonly live = signal<string | null>(null);
  /** What a browser subscribes to notices with; null: the gateway sends none. */
  readonly pushKey = signal<string | null>(null);
  /** An invitation that waits for the person's name, or says why it was refused. */
  readonly joining = signal<Joining | null>(null);
  /** Who the gateway says is here; null until it has answered. */
  readonly me = signal<Me | null>(null);
  readonly isReplay = computed(() => this.supported.value.has("replay"));
  /** Injections that were active when the page opened. */
  readonly underWay = signal<readonly InjectionUnderWay[]>([]);
  /** The shared document of a recorded session; null: of a live one, which is joined. */
  readonly document = signal<DocumentEntries | null>(null);
  /** Why the last replay command failed, "" when it succeeded. */
  readonly failure = signal("");
  /** Of the session, where it has several. Else requests name none. */
  #partitions: readonly string[] = [];
  #readAtMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #marksTimer: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when there may be more marks; null: they are complete. */
  #moreMarks: Promise<void> | null = null;
  /** Where the session is going: a place replaces an earlier one that is not sent yet. */
  #target: Place | null = null;
  #seeking = false;
  /** Null once what the session supports is known. */
  #waiting: (() => void) | null = () => {};

  /** Called at each connection to a session. A session that does not answer supports nothing. */
  async start(session: string): Promise<void> {
    const [{ sessions }, me] = await Promise.all([
      this.#request<{ sessions: Offered[] }>("api/sessions").catch(() => ({ sessions: [] })),
      this.#request<Me>("api/me").catch(() => null),
    ]);
    const own = sessions.filter((each) => each.session === session);
    const [offered] = own;
    this.#partitions = own.length > 1 ? own.map(({ partition }) => partition) : [];
    // Before what a person may not do: that names their role.
    this.me.value = me;
    this.supported.value = new Set(offered?.controls);
    this.refused.value = offered?.refused ?? {};
    this.pushKey.value = offered?.push ?? null;
    this.live.value = offered?.live ?? null;
    const address = offered?.sockets?.find((each) => each.startsWith("collab/"));
    this.shared.value = address === undefined ? null : { address };
    this.#waiting?.();
    this.#waiting = null;
    clearInterval(this.#timer);
    if (this.supported.value.has("inject")) await this.#readInjections();
    if (!this.isReplay.value) return;
    this.#timer = setInterval(() => void this.refresh(), READ_EVERY_MS);
    await this.refresh();
    await this.#request<RecordedDocument>("api/document").then(
      ({ entries }) => {
        this.document.value = entries;
      },
      () => {},
    );
    await this.#readMarks();
  }

  /** Runs it as soon as it is known what the session supports: a key may be pressed before. The last one counts. */
  whenKnown(act: () => void): void {
    if (this.#waiting === null) act();
    else this.#waiting = act;
  }

  /** Why the person may not use a control, "" when they may. Reads signals: a panel that shows it follows their changes. */
  whyNot(control: string): string {
    const needed = this.refused.value[control];
    return needed === undefined ? "" : `Needs the role ${needed}; yours is ${this.me.value?.role ?? "less"}`;
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#marksTimer);
  }

  /** Position in the recording, µs. While a move is under way, its target: the next step starts from there. */
  timeUs(): number {
    const status = this.replay.peek();
    if (status === null) return Number.NaN;
    if (this.#target !== null && "timeUs" in this.#target) return this.#target.timeUs;
    const { state, speed, timeUs, toUs } = status;
    if (state !== "playing" || speed === "max") return timeUs;
    return Math.min(toUs, timeUs + (performance.now() - this.#readAtMs) * 1000 * speed);
  }

  async refresh(): Promise<void> {
    if (!this.isReplay.peek() || document.hidden || this.#seeking) return;
    await this.#request<ReplayStatus>("api/replay").then(
      (status) => this.#update(status),
      () => {},
    );
  }

  /** A command that fails sets `failure`. */
  async send(command: ReplayCommand): Promise<void> {
    const reason = this.whyNot("replay");
    if (reason !== "") {
      this.failure.value = reason;
      return;
    }
    try {
      this.#update(await this.#request<ReplayStatus>("api/replay", command));
      this.failure.value = "";
    } catch (error) {
      this.failure.value = (error as Error).message;
    }
  }

  togglePlay(): void {
    void this.send({ action: this.replay.peek()?.state === "playing" ? "pause" : "play" });
  }

  changeSpeed(step: number): void {
    if (!this.isReplay.peek()) return;
    const at = SPEEDS.indexOf((this.replay.peek()?.speed ?? 1) as (typeof SPEEDS)[number]);
    const speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 3 : at) + step))] ?? 1;
    void this.send({ action: "speed", speed });
  }

  moveBy(us: number): void {
    this.seek(this.timeUs() + us);
  }

  /** Moves to a time as soon as the move under way is done. */
  seek(timeUs: number): void {
    const status = this.replay.peek();
    if (status === null) return;
    this.#goTo({ timeUs: Math.round(Math.min(status.toUs, Math.max(status.fromUs, timeUs))) });
  }

  /** Moves to just after the next (1) or previous (−1) event of the recording that is more than "info", so that the list shows it. */
  async moveToMark(step: 1 | -1): Promise<void> {
    await this.refresh();
    const status = this.replay.peek();
    if (status === null) return;
    const marks = this.marks.peek().filter((mark) => mark.severity !== "info" && isKept(mark, status));
    const ahead = this.#aheadOf(status);
    const found =
      step > 0 ? marks.find((mark) => ahead(mark) > 0) : marks.findLast((mark) => ahead(mark) < 0);
    if (found !== undefined) this.#goTo(placeAfter(found, status));
    else if (this.#moreMarks !== null) {
      await this.#moreMarks;
      await this.moveToMark(step);
    }
  }

  /** How far a mark lies ahead of the place that a step starts from: the target of the move under way, or where the session is. */
  #aheadOf({ sequence, timeUs: nowUs }: ReplayStatus): (mark: ReplayMark) => number {
    const target = this.#target;
    // Sequences of several partitions say nothing about each other. The place right after a mark is 1 µs later.
    const inTime = (atUs: number) => (mark: ReplayMark) =>
      mark.timeUs - (mark.partition === undefined ? atUs : atUs - 1);
    if (target !== null && "timeUs" in target) return inTime(target.timeUs);
    const input = target === null ? sequence : target.sequence - 1;
    return (mark) => (mark.partition === undefined ? mark.input - input : inTime(nowUs)(mark));
  }

  async scenarios(): Promise<readonly InjectableScenario[]> {
    return (await this.#request<{ scenarios: InjectableScenario[] }>("api/scenarios")).scenarios;
  }

  /** `partition`: of the group. Rejects with the gateway's message when the injection did not start. */
  async inject(request: object, partition: string | undefined): Promise<void> {
    await this.#request(this.#pathTo("api/inject", partition), request);
  }

  /** A branch of this partition. Rejects with the gateway's message when there is no answer. */
  whatIf(request: object, partition: string | undefined): Promise<WhatIfAnswer> {
    return this.#request<WhatIfAnswer>(this.#pathTo("api/whatif", partition), request);
  }

  #pathTo(path: string, partition: string | undefined): string {
    if (partition === undefined || !this.#partitions.includes(partition)) return path;
    return `${path}?partition=${encodeURIComponent(partition)}`;
  }

  /** Thresholds with the state of their alerts. */
  async subscribePush(subscription: object): Promise<void> {
    await this.#request("api/push", subscription);
  }

  async unsubscribePush(endpoint: string): Promise<void> {
    await this.#request("api/push/remove", { endpoint });
  }

  alerts(): Promise<AlertsStatus> {
    return this.#request<AlertsStatus>("api/alerts");
  }

  /** A command that enters the log as it is. Rejects with the gateway's message when it did not. */
  async command(name: LoggedCommandName, body: object): Promise<void> {
    await this.#request(`api/commands/${name}`, body);
  }

  /** What a panel asks of an address of its own; a POST with a body. Rejects with the gateway's message. */
  ask<Answer>(path: string, body?: object): Promise<Answer> {
    return this.#request<Answer>(path, body);
  }

  #goTo(place: Place): void {
    this.#target = place;
    if (!this.#seeking) void this.#seekOn();
  }

  async #seekOn(): Promise<void> {
    this.#seeking = true;
    while (this.#target !== null) {
      const place = this.#target;
      await this.send({ action: "seek", ...place });
      if (this.#target === place) this.#target = null;
    }
    this.#seeking = false;
  }

  /** Reads the marks, and again until they are complete: the server needs a while for a long recording. */
  async #readMarks(): Promise<void> {
    clearTimeout(this.#marksTimer);
    const complete = await this.#request<ReplayMarks>("api/replay/marks").then(
      (answer) => {
        this.marks.value = answer.marks;
        return answer.complete;
      },
      () => true,
    );
    this.#moreMarks = complete
      ? null
      : new Promise((resolve) => {
          this.#marksTimer = setTimeout(() => resolve(this.#readMarks()), MARKS_AGAIN_MS);
        });
  }

  /** A partition may know those of the others too: the model has each once. */
  async #readInjections(): Promise<void> {
    const asked = this.#partitions.length === 0 ? [undefined] : this.#partitions;
    const answers = await Promise.all(
      asked.map((partition) =>
        this.#request<{ underWay: InjectionUnderWay[] }>(this.#pathTo("api/inject", partition)).catch(
          () => null,
        ),
      ),
    );
    const heard = answers.filter((answer) => answer !== null);
    if (heard.length > 0) this.underWay.value = heard.flatMap(({ underWay }) => underWay);
  }

  #update(status: ReplayStatus): void {
    this.#readAtMs = performance.now();
    this.replay.value = status;
  }

  async #request<Answer>(path: string, body?: object): Promise<Answer> {
    const post = { method: "POST", headers: { "content-type": "application/json" } };
    const init = body === undefined ? {} : { ...post, body: JSON.stringify(body) };
    const response = await fetch(path, init).catch((cause: unknown) => {
      throw new Error("Cannot reach the session: the server does not answer", { cause });
    });
    const answer = (await response.json()) as Answer & {
      error?: { action: string; value: string; expected: string };
    };
    if (response.ok) return answer;
    const { action = "do that", value = response.statusText, expected = "" } = answer.error ?? {};
    throw new Error(`Cannot ${action}: ${value}${expected === "" ? "" : `; expected ${expected}`}`);
  }
}

/** Where the beginning of a recording is deleted, some events are older than its first input. */
function isKept(mark: ReplayMark, { firstSequence, fromUs }: ReplayStatus): boolean {
  return mark.partition === undefined ? mark.input >= firstSequence : mark.timeUs >= fromUs;
}

/** Right after an event, so that the list shows it. Of several partitions by time: the status knows the sequences of one of them. */
function placeAfter({ partition, input, timeUs }: ReplayMark, { lastSequence, toUs }: ReplayStatus): Place {
  if (partition === undefined) return { sequence: Math.min(lastSequence, input + 1) };
  return { timeUs: Math.min(toUs, timeUs + 1) };
}
