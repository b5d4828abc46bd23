/**
 * What the page may do to its session beside looking: asked of the gateway over HTTP, answered by where things stand then.
 *
 * A recorded session's place is asked for once a second, since others may move it; in between the page counts on by its own clock.
 */
import { computed, signal } from "@preact/signals";
import type {
  InjectableScenario,
  InjectionUnderWay,
  ReplayMark,
  ReplayMarks,
  ReplayStatus,
  WhatIfAnswer,
} from "../../../protocol/controls.ts";

const ASK_EVERY_MS = 1_000;
/** While the recording's events are still being read. */
const MARKS_AGAIN_MS = 3_000;

export type ReplayWish =
  | { action: "play" }
  | { action: "pause" }
  | { action: "speed"; speed: number | "max" }
  | ({ action: "seek" } & Place);

export type Place = { timeUs: number } | { sequence: number };

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60, "max"] as const;

export class Controls {
  /** What the session has of it: "replay", "inject", "whatIf", "settings". */
  readonly has = signal<ReadonlySet<string>>(new Set());
  readonly replay = signal<ReplayStatus | null>(null);
  readonly marks = signal<readonly ReplayMark[]>([]);
  readonly isReplay = computed(() => this.has.value.has("replay"));
  /** Injections that were under way when the page came; the event of their begin may be older than those it has. */
  readonly underWay = signal<readonly InjectionUnderWay[]>([]);
  /** Why the last wish was not carried out, "" when it was. */
  readonly trouble = signal("");
  #askedAtMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #marksTimer: ReturnType<typeof setTimeout> | undefined;
  /** Of several places asked for while one is under way only the last is. */
  #wanted: Place | null = null;
  #seeking = false;

  /** Called whenever the page has (again) a session. Where it cannot be asked there is nothing to be done to it. */
  async start(session: string): Promise<void> {
    const { sessions } = await this.#ask<{ sessions: { session: string; controls?: string[] }[] }>(
      "api/sessions",
    ).catch(() => ({ sessions: [] }));
    this.has.value = new Set(sessions.find((each) => each.session === session)?.controls);
    clearInterval(this.#timer);
    if (this.has.value.has("inject")) await this.#readInjections();
    if (!this.isReplay.value) return;
    this.#timer = setInterval(() => void this.refresh(), ASK_EVERY_MS);
    await this.refresh();
    await this.#readMarks();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#marksTimer);
  }

  /** Recorded time now, µs; on the way to another place already that of the place, which the next step is counted from. */
  timeUs(): number {
    const status = this.replay.peek();
    if (status === null) return Number.NaN;
    if (this.#wanted !== null && "timeUs" in this.#wanted) return this.#wanted.timeUs;
    const { state, speed, timeUs, toUs } = status;
    if (state !== "playing" || speed === "max") return timeUs;
    return Math.min(toUs, timeUs + (performance.now() - this.#askedAtMs) * 1000 * speed);
  }

  async refresh(): Promise<void> {
    if (!this.isReplay.peek() || document.hidden || this.#seeking) return;
    await this.#ask<ReplayStatus>("api/replay").then(
      (status) => this.#stands(status),
      () => {},
    );
  }

  /** What cannot be carried out is said in `trouble`. */
  async wish(wish: ReplayWish): Promise<void> {
    try {
      this.#stands(await this.#ask<ReplayStatus>("api/replay", wish));
      this.trouble.value = "";
    } catch (error) {
      this.trouble.value = (error as Error).message;
    }
  }

  togglePlay(): void {
    void this.wish({ action: this.replay.peek()?.state === "playing" ? "pause" : "play" });
  }

  changeSpeed(step: number): void {
    if (!this.isReplay.peek()) return;
    const at = SPEEDS.indexOf((this.replay.peek()?.speed ?? 1) as (typeof SPEEDS)[number]);
    const speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 3 : at) + step))] ?? 1;
    void this.wish({ action: "speed", speed });
  }

  moveBy(us: number): void {
    this.seek(this.timeUs() + us);
  }

  /** Goes there, or a little later when it is on its way to another place. */
  seek(timeUs: number): void {
    const status = this.replay.peek();
    if (status === null) return;
    this.#goTo({ timeUs: Math.round(Math.min(status.toUs, Math.max(status.fromUs, timeUs))) });
  }

  /** To the next (1) or previous (−1) event of the recording that is worth a look: just behind it, so that it is in the list. */
  async moveToMark(step: 1 | -1): Promise<void> {
    await this.refresh();
    const status = this.replay.peek();
    if (status === null) return;
    const { firstSequence, lastSequence } = status;
    const expected = this.#wanted;
    const sequence = expected !== null && "sequence" in expected ? expected.sequence - 1 : status.sequence;
    // Of a recording whose beginning is gone some events are older than what can be gone to.
    const marks = this.marks.peek().filter((mark) => mark.severity !== "info" && mark.input >= firstSequence);
    const found =
      step > 0
        ? marks.find(({ input }) => input > sequence)
        : marks.findLast(({ input }) => input < sequence);
    if (found !== undefined) this.#goTo({ sequence: Math.min(lastSequence, found.input + 1) });
  }

  async scenarios(): Promise<readonly InjectableScenario[]> {
    return (await this.#ask<{ scenarios: InjectableScenario[] }>("api/scenarios")).scenarios;
  }

  /** Rejects with the gateway's words when it was not begun. */
  async inject(wish: object): Promise<void> {
    await this.#ask("api/inject", wish);
  }

  /** Rejects with the gateway's words when it cannot be answered. */
  whatIf(wish: object): Promise<WhatIfAnswer> {
    return this.#ask<WhatIfAnswer>("api/whatif", wish);
  }

  #goTo(place: Place): void {
    this.#wanted = place;
    if (!this.#seeking) void this.#seekOn();
  }

  async #seekOn(): Promise<void> {
    this.#seeking = true;
    while (this.#wanted !== null) {
      const place = this.#wanted;
      await this.wish({ action: "seek", ...place });
      if (this.#wanted === place) this.#wanted = null;
    }
    this.#seeking = false;
  }

  /** Again and again until all are known: a long recording is read for a while. */
  async #readMarks(): Promise<void> {
    clearTimeout(this.#marksTimer);
    await this.#ask<ReplayMarks>("api/replay/marks").then(
      ({ marks, complete }) => {
        this.marks.value = marks;
        if (!complete) this.#marksTimer = setTimeout(() => void this.#readMarks(), MARKS_AGAIN_MS);
      },
      () => {},
    );
  }

  async #readInjections(): Promise<void> {
    await this.#ask<{ underWay: InjectionUnderWay[] }>("api/inject").then(
      ({ underWay }) => {
        this.underWay.value = underWay;
      },
      () => {},
    );
  }

  #stands(status: ReplayStatus): void {
    this.#askedAtMs = performance.now();
    this.replay.value = status;
  }

  async #ask<Answer>(path: string, body?: object): Promise<Answer> {
    const post = { method: "POST", headers: { "content-type": "application/json" } };
    const init = body === undefined ? {} : { ...post, body: JSON.stringify(body) };
    const response = await fetch(path, init).catch((cause: unknown) => {
      throw new Error("Cannot reach the session: it does not answer", { cause });
    });
    const answer = (await response.json()) as Answer & {
      error?: { action: string; value: string; expected: string };
    };
    if (response.ok) return answer;
    const { action = "do that", value = response.statusText, expected = "" } = answer.error ?? {};
    throw new Error(`Cannot ${action}: ${value}${expected === "" ? "" : `; expected ${expected}`}`);
  }
}
