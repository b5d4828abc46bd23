/**
 * A large state in parts, so that each message is short and a client hears something all the while.
 *
 *   update ─► structs in an order in which each builds on earlier ones ─► parts of about so many bytes ─► deletions with the last
 *
 * P1  The parts in their order give what the whole gives, and none waits for a later one.
 * P2  What is small enough is one part, the very bytes.
 */
import * as encoding from "lib0/encoding";
import * as Y from "yjs";

type Decoded = ReturnType<typeof Y.decodeUpdate>;
type Struct = Decoded["structs"][number];

/** `update`: of a document without gaps. A part is longer than `partBytes` by at most one struct, the last also by the deletions. */
export function stateParts(update: Uint8Array, partBytes: number): readonly Uint8Array[] {
  if (update.length <= partBytes) return [update];
  const { structs, ds } = Y.decodeUpdate(update);
  const parts: Uint8Array[] = [];
  let part = new Part();
  for (const struct of inOrder(structs)) {
    if (part.length >= partBytes) {
      parts.push(part.bytes(NO_DELETIONS));
      part = new Part();
    }
    part.add(struct);
  }
  return [...parts, part.bytes(ds)];
}

const NO_DELETIONS: Pick<Decoded["ds"], "clients"> = { clients: new Map() };

/** Each struct after those that it builds on; those of a writer in the order of their clocks. */
function* inOrder(structs: readonly Struct[]): Generator<Struct> {
  const waiting = new Map<number, { structs: Struct[]; at: number }>();
  for (const struct of structs) {
    const of = waiting.get(struct.id.client);
    if (of === undefined) waiting.set(struct.id.client, { structs: [struct], at: 0 });
    else of.structs.push(struct);
  }
  const has = (id: Y.ID | null): boolean => {
    const next = id === null ? undefined : waiting.get(id.client);
    return next === undefined || id!.clock < next.structs[next.at]!.id.clock;
  };
  while (waiting.size > 0) {
    const before = waiting.size;
    let moved = false;
    for (const [writer, each] of waiting) {
      while (each.at < each.structs.length && needsOf(each.structs[each.at]!, writer).every(has)) {
        yield each.structs[each.at++]!;
        moved = true;
        if (each.at === each.structs.length) waiting.delete(writer);
      }
    }
    if (!moved) throw new Error(`P1: the structs of ${before} writers build on each other`);
  }
}

/** What a struct builds on; what is the same writer's comes before it anyway. */
function needsOf(struct: Struct, writer: number): Y.ID[] {
  if (!(struct instanceof Y.Item)) return [];
  // Of a decoded item that is no part of a document, the parent is a name or an id.
  const parent = struct.parent as unknown;
  return [struct.origin, struct.rightOrigin, parent instanceof Y.ID ? parent : null].filter(
    (id) => id !== null && id.client !== writer,
  ) as Y.ID[];
}

/** Structs as they stand in an update: by writer, each with the clock of its first. */
class Part {
  length = 0;
  private readonly writers = new Map<number, { clock: number; count: number; encoder: Y.UpdateEncoderV1 }>();

  add(struct: Struct): void {
    const { client, clock } = struct.id;
    let writer = this.writers.get(client);
    if (writer === undefined) {
      writer = { clock, count: 0, encoder: new Y.UpdateEncoderV1() };
      this.writers.set(client, writer);
    }
    const before = encoding.length(writer.encoder.restEncoder);
    struct.write(writer.encoder, 0);
    writer.count++;
    this.length += encoding.length(writer.encoder.restEncoder) - before;
  }

  bytes(deletions: Pick<Decoded["ds"], "clients">): Uint8Array {
    return encoding.encode((encoder) => {
      const number = (value: number): void => encoding.writeVarUint(encoder, value);
      number(this.writers.size);
      for (const [writer, { clock, count, encoder: structs }] of this.writers) {
        for (const value of [count, writer, clock]) number(value);
        encoding.writeUint8Array(encoder, encoding.toUint8Array(structs.restEncoder));
      }
      number(deletions.clients.size);
      for (const [writer, runs] of deletions.clients) {
        for (const value of [writer, runs.length]) number(value);
        for (const { clock, len } of runs) {
          number(clock);
          number(len);
        }
      }
    });
  }
}
