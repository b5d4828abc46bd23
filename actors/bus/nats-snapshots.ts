/**
 * Snapshots in a stream of JetStream, in pieces: a state may be larger than a message.
 *
 *   save ─► pieces under <bucket>.piece.<id> ─► <bucket>.name.<name>.<id>, which says that it is whole ─► older ones of the name are purged
 *   list ─► subjects of the names, without their messages
 *   load ─► the newest id of the name ─► its pieces
 *
 * An id begins with the time, so that the newest is the last in order and pieces of a saving that never ended can be found and purged.
 */
import * as v from "valibot";
import { joinedBytes } from "../../protocol/joined-bytes.ts";
import { NoAnswer, type SnapshotStore } from "../ports/bus.ts";
import { type NatsLink, NatsRefused } from "./nats-connection.ts";
import { NatsDelivery } from "./nats-delivery.ts";
import { keyOf, natsKey, natsName } from "./nats-names.ts";
import { NatsStore } from "./nats-store.ts";

/** Bytes of a piece: a block of the log that is written at the same time waits behind it for a fraction of a millisecond. */
const PIECE_BYTES = 65_536;

/** Pieces on their way at once: one is stored while the next one is sent. */
const UNDER_WAY = 2;

/** Loading fails when no piece comes for so long. */
const LOAD_MS = 5_000;

/** Pieces without a name that are older belong to a saving that never ended. */
const ABANDONED_MS = 600_000;

/** Time in base 36 and a random part. */
const TIME_CHARACTERS = 9;

const anything = v.looseObject({});
const subjects = v.looseObject({
  state: v.looseObject({ subjects: v.nullish(v.record(v.string(), v.number()), {}) }),
});
const stored = v.looseObject({ message: v.looseObject({ data: v.optional(v.string(), "") }) });
const whole = v.strictObject({ bytes: v.number() });

const MESSAGE_NOT_FOUND = 10037;

interface Saved {
  readonly name: string;
  readonly id: string;
  readonly subject: string;
}

export class NatsSnapshots implements SnapshotStore {
  readonly #link: NatsLink;
  readonly #stream: string;
  readonly #prefix: string;
  readonly #store: NatsStore;

  constructor(link: NatsLink, bucket: string) {
    const name = natsName(bucket);
    this.#link = link;
    this.#stream = `ewstate_${name}`;
    this.#prefix = `ewstate.${name}`;
    this.#store = new NatsStore(link, {
      name: this.#stream,
      subjects: [`${this.#prefix}.>`],
      storage: "file",
    });
  }

  async save(name: string, ...parts: readonly Uint8Array[]): Promise<void> {
    const { nats, options } = this.#link;
    const time = Math.floor(options.clock.nowUs() / 1000)
      .toString(36)
      .padStart(TIME_CHARACTERS, "0");
    const id = `${time}${nats.nuid.next()}`;
    const copy = joinedBytes(parts);
    await this.#store.ensure();
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < copy.length; at += PIECE_BYTES) pieces.push(copy.subarray(at, at + PIECE_BYTES));
    for (let k = 0; k < pieces.length; k += UNDER_WAY)
      await Promise.all(pieces.slice(k, k + UNDER_WAY).map((piece) => this.#publish(this.#piece(id), piece)));
    const end = new TextEncoder().encode(JSON.stringify({ bytes: copy.length }));
    await this.#publish(`${this.#prefix}.name.${natsKey(name)}.${id}`, end);
    await this.#purge(name, id);
  }

  async load(name: string): Promise<Uint8Array | null> {
    const saved = (await this.#saved()).filter((each) => each.name === name).at(-1);
    if (saved === undefined) return null;
    try {
      const { message } = await this.#link.api(
        `STREAM.MSG.GET.${this.#stream}`,
        { last_by_subj: saved.subject },
        stored,
      );
      const { bytes } = v.parse(whole, JSON.parse(Buffer.from(message.data, "base64").toString("utf8")));
      return await this.#pieces(saved.id, bytes);
    } catch (error) {
      // It was removed meanwhile.
      if (error instanceof NatsRefused && error.code === MESSAGE_NOT_FOUND) return null;
      throw error;
    }
  }

  async list(): Promise<string[]> {
    return [...new Set((await this.#saved()).map(({ name }) => name))];
  }

  async remove(name: string): Promise<void> {
    await this.#purge(name, null);
  }

  #piece(id: string): string {
    return `${this.#prefix}.piece.${id}`;
  }

  async #publish(subject: string, bytes: Uint8Array): Promise<void> {
    await this.#link.store(`store ${subject}`, subject, bytes);
  }

  /** What is whole, oldest first. */
  async #saved(): Promise<Saved[]> {
    const found = await this.#subjects(`${this.#prefix}.name.>`);
    return found
      .map((subject) => {
        const [name = "", id = ""] = subject.slice(`${this.#prefix}.name.`.length).split(".");
        return { name: keyOf(name), id, subject };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #subjects(filter: string): Promise<string[]> {
    const { state } = await this.#store.use(() =>
      this.#link.api(`STREAM.INFO.${this.#stream}`, { subjects_filter: filter }, subjects),
    );
    return Object.keys(state.subjects ?? {});
  }

  #pieces(id: string, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    if (length === 0) return Promise.resolve(bytes);
    return new Promise((resolve, reject) => {
      let at = 0;
      let next = 1;
      let cancel: () => void = () => {};
      const settle = (act: () => void) => {
        cancel();
        delivery.end();
        act();
      };
      const wait = () => {
        cancel();
        cancel = this.#link.options.clock.after(LOAD_MS, () =>
          settle(() => reject(new NoAnswer(`Cannot load a snapshot: ${at} of ${length} bytes came`))),
        );
      };
      const delivery = new NatsDelivery({
        link: this.#link,
        store: this.#store,
        subject: this.#piece(id),
        from: () => ({ deliver_policy: "by_start_sequence", opt_start_seq: next }),
        take: ({ sequence, bytes: piece }) => {
          next = sequence + 1;
          if (at + piece.length > length)
            return settle(() => reject(new NoAnswer("Cannot load a snapshot: its pieces are too long")));
          bytes.set(piece, at);
          at += piece.length;
          if (at === length) settle(() => resolve(bytes));
          else wait();
        },
      });
      wait();
    });
  }

  /** Purges what is stored under the name, except `kept`, and what nobody will ever name. */
  async #purge(name: string, kept: string | null): Promise<void> {
    const saved = await this.#saved();
    const old = saved.filter((each) => each.name === name && each.id !== kept);
    for (const { subject } of old) await this.#purgeSubject(subject);
    const named = new Set(saved.filter((each) => !old.includes(each)).map(({ id }) => id));
    if (kept !== null) named.add(kept);
    const oldIds = new Set(old.map(({ id }) => id));
    const since = Math.floor(this.#link.options.clock.nowUs() / 1000) - ABANDONED_MS;
    for (const subject of await this.#subjects(`${this.#prefix}.piece.>`)) {
      const id = subject.slice(`${this.#prefix}.piece.`.length);
      const isAbandoned = !named.has(id) && Number.parseInt(id.slice(0, TIME_CHARACTERS), 36) < since;
      if (oldIds.has(id) || isAbandoned) await this.#purgeSubject(subject);
    }
  }

  async #purgeSubject(filter: string): Promise<void> {
    await this.#link.api(`STREAM.PURGE.${this.#stream}`, { filter }, anything);
  }
}
