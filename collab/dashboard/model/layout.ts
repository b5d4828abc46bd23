/**
 * How the page is arranged: which panels it shows, in which order, and the channels of the chart. Shared with all who look, or one's own.
 *
 *   shared   entries of `panels` of the shared document: whoever changes the arrangement changes it for everybody
 *   private  in this browser, for this session; where the browser keeps nothing, as long as the page
 *
 * A page begins with its own: nobody finds their charts rearranged who has not asked for that.
 */
import { batch, computed, effect, signal } from "@preact/signals";
import type { Model } from "./model.ts";
import type { Room } from "./room.ts";
import type { View } from "./view.ts";

export const PANELS = [
  { name: "signals", title: "Signals" },
  { name: "measures", title: "How much moves together" },
  { name: "state", title: "Who moves with whom" },
  { name: "lists", title: "Incidents and notes" },
] as const;

export type PanelName = (typeof PANELS)[number]["name"];

const STORED = "eigenwatch.layout";

/** What the arrangement says of a panel, as the shared document has it. */
interface Arranged {
  readonly order?: string;
  readonly hidden?: boolean;
  /** Of the chart, as group/name. */
  readonly channels?: readonly string[];
}

type Arrangement = Readonly<Record<string, Arranged>>;

interface Stored {
  readonly isShared: boolean;
  readonly own: Arrangement;
}

export class Layout {
  readonly isShared = signal(false);
  readonly #own = signal<Arrangement>({});
  readonly #room: Room;
  readonly #model: Model;
  readonly #ends: (() => void)[];
  readonly #arrangement = computed<Arrangement>(() =>
    this.isShared.value ? (this.#room.entries("panels") as Arrangement) : this.#own.value,
  );
  /** All panels, the first one first. */
  readonly order = computed(() => orderOf(this.#arrangement.value));
  /** Those that are shown. */
  readonly shown = computed(() => shownOf(this.#arrangement.value));

  constructor(model: Model, room: Room, view: View) {
    this.#model = model;
    this.#room = room;
    this.#ends = [
      effect(() => {
        const session = model.sessionInfo.value?.session;
        if (session !== undefined) this.#read(session);
      }),
      effect(() => {
        const { channels } = this.#arrangement.value["signals"] ?? {};
        if (Array.isArray(channels) && JSON.stringify(channels) !== JSON.stringify(view.chosen.peek()))
          view.choose(channels);
      }),
      effect(() => {
        if (view.choices.value > 0) this.#change("signals", { channels: view.chosen.peek() });
      }),
    ];
  }

  stop(): void {
    for (const end of this.#ends) end();
  }

  /** Changes to the shared arrangement or back; what there is of the other stays. */
  share(isShared: boolean): void {
    this.isShared.value = isShared;
    this.#keep();
  }

  /** Makes one's own arrangement that of all. */
  shareOwn(): void {
    const own = this.#own.peek();
    this.share(true);
    this.#room.together(() => {
      for (const { name } of PANELS) this.#change(name, own[name] ?? { order: String(defaultPlace(name)) });
    });
  }

  /** Moves a panel one place up (−1) or down (1). */
  move(name: PanelName, by: -1 | 1): void {
    const order = [...this.order.peek()];
    const at = order.indexOf(name);
    const other = order[at + by];
    if (other === undefined) return;
    order[at] = other;
    order[at + by] = name;
    this.#room.together(() => {
      order.forEach((each, place) => {
        if (placeOf(this.#arrangement.peek(), each) !== place) this.#change(each, { order: String(place) });
      });
    });
  }

  /** The last panel that is shown stays. */
  show(name: PanelName, isShown: boolean): void {
    if (isShown || this.shown.peek().some((each) => each !== name)) this.#change(name, { hidden: !isShown });
  }

  #change(name: PanelName, change: Arranged): void {
    const before = this.#arrangement.peek()[name];
    const now = { ...before, ...change };
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    if (this.isShared.peek()) {
      this.#room.set("panels", name, { type: name, ...now });
      return;
    }
    this.#own.value = { ...this.#own.peek(), [name]: now };
    this.#keep();
  }

  #keep(): void {
    const session = this.#model.sessionInfo.peek()?.session;
    if (session === undefined) return;
    const stored: Stored = { isShared: this.isShared.peek(), own: this.#own.peek() };
    try {
      localStorage.setItem(`${STORED}.${session}`, JSON.stringify(stored));
    } catch {
      // Storage may be forbidden. Then the arrangement lasts as long as the page.
    }
  }

  #read(session: string): void {
    try {
      const text = localStorage.getItem(`${STORED}.${session}`);
      if (text === null) return;
      const { isShared, own } = JSON.parse(text) as Stored;
      batch(() => {
        this.isShared.value = isShared === true;
        this.#own.value = typeof own === "object" && own !== null ? own : {};
      });
    } catch {
      // Not what a page has written: it begins anew.
    }
  }
}

/** Panels in their order; those without a place keep their usual one. */
export function orderOf(arrangement: Arrangement): readonly PanelName[] {
  return PANELS.map(({ name }) => name).sort(
    (a, b) => placeOf(arrangement, a) - placeOf(arrangement, b) || defaultPlace(a) - defaultPlace(b),
  );
}

/** Of these the ones that are shown; where two people hid the last two at once, all are. */
export function shownOf(arrangement: Arrangement): readonly PanelName[] {
  const order = orderOf(arrangement);
  const shown = order.filter((name) => arrangement[name]?.hidden !== true);
  return shown.length === 0 ? order : shown;
}

function placeOf(arrangement: Arrangement, name: PanelName): number {
  const place = Number.parseInt(arrangement[name]?.order ?? "", 10);
  return Number.isNaN(place) ? defaultPlace(name) : place;
}

function defaultPlace(name: PanelName): number {
  return PANELS.findIndex((panel) => panel.name === name);
}
