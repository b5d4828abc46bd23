/**
 * Writes of one turn of the event loop in one call of the system: answers to requests that were sent ahead are short and many.
 *
 *   response.end ─► _write ─► gathered ──end of the turn, or BYTES_MAX──► the socket
 *                                 └─ a write is under way: the next ones wait for it, as they did without this
 *
 * E1  Bytes leave in their order, before the socket ends. When it is destroyed they are given to it first: that is as good as a write without this.
 * E2  At most BYTES_MAX are gathered before their write is begun: a client that does not read holds back whoever writes to it.
 */
import type { Socket } from "node:net";

/** As much as a socket takes before it asks its writers to wait. */
export const BYTES_MAX = 65_536;

interface Chunk {
  // biome-ignore lint/suspicious/noExplicitAny: what the streams of Node say
  readonly chunk: any;
  readonly encoding: BufferEncoding;
}

type Done = (error?: Error | null) => void;

const gathering = new WeakSet<Socket>();

/** From now on, once and for all. */
export function gatherWrites(socket: Socket): void {
  if (gathering.has(socket)) return;
  gathering.add(socket);
  new GatheredWrites(socket);
}

class GatheredWrites {
  readonly #socket: Socket;
  readonly #writeNow: (chunks: Chunk[], done: Done) => void;
  #gathered: Chunk[] = [];
  #bytes = 0;
  #isDue = false;
  /** A write of the socket has begun and not ended. */
  #underWay = false;
  /** What waits until all that was gathered is written. */
  #waiting: Done[] = [];

  constructor(socket: Socket) {
    const [write, end, destroy] = [socket._writev!, socket._final, socket._destroy];
    this.#socket = socket;
    this.#writeNow = (chunks, done) => write.call(socket, chunks, done);
    socket._write = (chunk, encoding, done) => this.#add([{ chunk, encoding }], done);
    socket._writev = (chunks, done) => this.#add(chunks, done);
    socket._final = (done) => this.#whenWritten((error) => (error ? done(error) : end.call(socket, done)));
    socket._destroy = (error, done) => {
      this.#flush();
      destroy.call(socket, error, done);
    };
  }

  #add(chunks: readonly Chunk[], done: Done): void {
    for (const each of chunks) {
      this.#gathered.push(each);
      this.#bytes += each.chunk.length;
    }
    if (this.#bytes >= BYTES_MAX || this.#underWay) this.#whenWritten(done);
    else {
      if (!this.#isDue) setImmediate(this.#flushDue);
      this.#isDue = true;
      done();
    }
  }

  readonly #flushDue = (): void => {
    this.#isDue = false;
    if (!this.#underWay) this.#flush();
  };

  #whenWritten(done: Done): void {
    if (this.#gathered.length === 0 && !this.#underWay) done();
    else {
      this.#waiting.push(done);
      if (!this.#underWay) this.#flush();
    }
  }

  #flush(): void {
    if (this.#gathered.length === 0) return;
    const [chunks, waiting] = [this.#gathered, this.#waiting];
    this.#gathered = [];
    this.#waiting = [];
    this.#bytes = 0;
    this.#underWay = true;
    this.#writeNow(chunks, (error) => {
      this.#underWay = false;
      if (error && waiting.length === 0) this.#socket.destroy(error);
      for (const done of waiting) done(error);
      if (error) for (const done of this.#waiting.splice(0)) done(error);
      else if (this.#waiting.length > 0) this.#flush();
    });
  }
}
