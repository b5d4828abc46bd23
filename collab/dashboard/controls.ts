/**
 * What the page may do to its session beside looking: asked of the gateway over HTTP, answered by where things stand then.
 *
 * A recorded session's place is asked for once a second, since others may move it; in between the page counts on by its own clock.
 */
import { computed, signal } from "@preact/signals";
import type { InjectableScenario, ReplayMark, ReplayStatus, WhatIfAnswer } from "../../protocol/controls.ts";

const ASK_EVERY_MS = 1_000;
/** While the recording's events are still being read, and for a moment after. */
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
  #askedAtMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
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
    if (!this.isReplay.value) return;
    this.#timer = setInterval(() => void this.refresh(), ASK_EVERY_MS);
    await this.refresh();
    await this.#readMarks();
    setTimeout(() => void this.#readMarks(), MARKS_AGAIN_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Recorded time now, µs. */
  timeUs(): number {
    const status = this.replay.peek();
    if (status === null) return Number.NaN;
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

  async wish(wish: ReplayWish): Promise<void> {
    this.#stands(await this.#ask<ReplayStatus>("api/replay", wish));
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
    const wanted = this.#wanted;
    this.seek((wanted !== null && "timeUs" in wanted ? wanted.timeUs : this.timeUs()) + us);
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
    const { sequence, lastSequence } = status;
    const marks = this.marks.peek().filter(({ severity }) => severity !== "info");
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
      await this.wish({ action: "seek", ...place }).catch(() => {});
      if (this.#wanted === place) this.#wanted = null;
    }
    this.#seeking = false;
  }

  async #readMarks(): Promise<void> {
    await this.#ask<{ marks: ReplayMark[] }>("api/replay/marks").then(
      ({ marks }) => {
        if (marks.length !== this.marks.peek().length) this.marks.value = marks;
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
    const response = await fetch(path, body === undefined ? {} : { ...post, body: JSON.stringify(body) });
    const answer = (await response.json()) as Answer & {
      error?: { action: string; value: string; wanted: string };
    };
    if (response.ok) return answer;
    const { action = "do that", value = response.statusText, wanted = "" } = answer.error ?? {};
    throw new Error(`Cannot ${action}: ${value}${wanted === "" ? "" : `; wanted ${wanted}`}`);
  }
}
