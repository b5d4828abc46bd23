/**
 * What people show of themselves to each other: what they look at, where their cursor is, which level they are dragging. Nothing of it is kept.
 *
 *   own view, cursor, draft ──at most ten times a second──► presence ──► cursors, drafts of others
 *
 *   alone ──press a face──► following: the person's stretch of time is shown ──own movement, Escape, they leave──► alone
 *
 * P1  What comes from others is checked here: it says nothing that the types below do not allow.
 */
import { computed, effect, signal } from "@preact/signals";
import { visibleText } from "../../../protocol/visible-text.ts";
import type { Room } from "./room.ts";
import type { View } from "./view.ts";

/** Least time between two messages of a page: a moving cursor looks smooth at ten a second. */
const SHOW_EVERY_MS = 100;

/** A level that somebody is moving and has not released. */
export interface LevelDraft {
  readonly threshold: string;
  readonly level: number;
  readonly clearLevel: number;
}

/** What a page shows. `endUs`: the right edge; null: the newest sample. */
export interface Shown {
  readonly spanUs: number;
  readonly endUs: number | null;
  readonly cursorUs: number | null;
  readonly draft: LevelDraft | null;
}

/** A page of somebody else, or another page of one's own. */
export interface Companion {
  readonly writer: number;
  readonly id: string;
  readonly name: string;
  readonly shown: Shown | null;
}

export class Presence {
  /** The id of the person whose stretch of time is shown; null: nobody's. */
  readonly following = signal<string | null>(null);
  /** A level that this page is moving. */
  readonly draft = signal<LevelDraft | null>(null);
  readonly others = computed(() => companionsOf(this.#room.presences.value, this.#room.writer));
  /** Levels that others are moving, by threshold. */
  readonly drafts = computed(
    () =>
      new Map(
        this.others.value.flatMap(({ name, shown }) =>
          shown?.draft == null ? [] : [[shown.draft.threshold, { ...shown.draft, name }] as const],
        ),
      ),
  );
  readonly #room: Room;
  readonly #view: View;
  readonly #ends: (() => void)[];
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Of the view, when its last movement was that of the person who is followed. */
  #movesAtFollow = 0;

  constructor(room: Room, view: View) {
    this.#room = room;
    this.#view = view;
    this.#ends = [
      effect(() => {
        this.#own.value;
        if (room.isJoined.value) this.#showSoon();
      }),
      effect(() => this.#follow()),
      effect(() => {
        if (view.moves.value !== this.#movesAtFollow) this.stopFollowing();
      }),
    ];
  }

  stop(): void {
    for (const end of this.#ends) end();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  follow(id: string): void {
    this.#movesAtFollow = this.#view.moves.peek();
    this.following.value = id;
  }

  stopFollowing(): void {
    this.following.value = null;
  }

  readonly #own = computed<Shown>(() => {
    const { spanUs, frozenEndUs, cursorUs } = this.#view;
    return {
      spanUs: spanUs.value,
      endUs: frozenEndUs.value,
      cursorUs: cursorUs.value,
      draft: this.draft.value,
    };
  });

  #showSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#room.show({ ...this.#own.peek() });
    }, SHOW_EVERY_MS);
  }

  #follow(): void {
    const id = this.following.value;
    if (id === null) return;
    const pages = this.others.value.filter((each) => each.id === id);
    if (pages.length === 0) {
      this.stopFollowing();
      return;
    }
    // Of several pages the one that they point at.
    const { shown } = pages.find((each) => each.shown?.cursorUs != null) ?? pages[0]!;
    if (shown !== null) this.#view.show(shown);
  }
}

/** Pages other than one's own, whom the server has named. */
export function companionsOf(
  presences: Iterable<readonly [writer: number, presence: Readonly<Record<string, unknown>>]>,
  own: number,
): readonly Companion[] {
  const found: Companion[] = [];
  for (const [writer, presence] of presences) {
    const { id, name } = fieldsOf(presence["user"]);
    if (writer === own || typeof id !== "string" || typeof name !== "string") continue;
    found.push({ writer, id, name: visibleText(name), shown: shownBy(presence) });
  }
  return found;
}

/** What a presence says, or null when it says nothing of this, or nonsense. */
function shownBy({ spanUs, endUs, cursorUs, draft }: Readonly<Record<string, unknown>>): Shown | null {
  if (!isNumber(spanUs) || spanUs <= 0) return null;
  const { threshold, level, clearLevel } = fieldsOf(draft);
  return {
    spanUs,
    endUs: isNumber(endUs) ? endUs : null,
    cursorUs: isNumber(cursorUs) ? cursorUs : null,
    draft:
      typeof threshold === "string" && isNumber(level) && isNumber(clearLevel)
        ? { threshold, level, clearLevel }
        : null,
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
