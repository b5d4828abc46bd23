/**
 * `eigenwatch/client`: a client of a whole session, one connection for each of its partitions.
 *
 *   const session = new SessionClient({
 *     name: "my program 1.0",
 *     connect: (partition) => new WebSocket(`ws://127.0.0.1:7420/ws${partition === null ? "" : `?partition=${partition}`}`),
 *     joined: (_partition, client) => {
 *       client.subscribe({ channel: "events", after: 0 });
 *       return { event: ({ severity, title }) => console.log(severity, title) };
 *     },
 *   });
 *   session.start();
 *
 *   first partition ──welcome, names them all──► joined(partition) for each ──► a client of each
 *
 * S1  Of each partition C1 to C3 (client.ts) hold. It has its own cursors and breaks, so one that is slow or gone holds up no other.
 * S2  `joined` is called when a partition is first welcomed, before any of its deliveries. Between partitions deliveries come as they arrive;
 *     `eventOrder` is the order to show events in.
 * S3  A session of one partition has one connection, and nothing is asked of the gateway that one client would not ask.
 * S4  When the first partition is welcomed again, partitions that the session no longer has are let go. One that comes back goes on at its cursor.
 */
import type { Welcome } from "../protocol/messages.ts";
import {
  Client,
  type ClientHandlers,
  type ClientOptions,
  type ClientSocket,
  type ClientState,
} from "./client.ts";
import { EventCursor } from "./event-cursor.ts";

/** The last event that was handled of each partition, by the partition's name. */
export type Cursors = Readonly<Record<string, number>>;

export interface SessionClientOptions extends Omit<ClientOptions, "connect" | "handlers" | "eventCursor"> {
  /** Opens a socket to a partition (`?partition=NAME`); null: to the first of the session, whatever its name. */
  readonly connect: (partition: string | null) => ClientSocket;
  /** The session has this partition: subscribe with its client, and return what takes its deliveries. */
  readonly joined: (partition: string, client: Client) => PartitionHandlers;
  /** Of all connections together, whenever it changes. */
  readonly connection?: (state: ClientState) => void;
  /** Where events go on. In a partition that is not named they begin as its subscription says. */
  readonly cursors?: Cursors;
}

export type PartitionHandlers = Omit<ClientHandlers, "connection">;

export class SessionClient {
  readonly #options: SessionClientOptions;
  readonly #first: Member;
  readonly #others = new Map<string, Member>();
  /** Cursors outlive the connections: by partition, null for that of the first. */
  readonly #cursors = new Map<string | null, EventCursor>();
  #reported: ClientState | null = null;

  constructor(options: SessionClientOptions) {
    this.#options = options;
    this.#first = this.#member(null);
  }

  /** Names of the partitions that were welcomed, the first one first. */
  get partitions(): readonly string[] {
    return this.#members.flatMap(({ partition, isWelcome }) => (isWelcome ? (partition ?? []) : []));
  }

  /** The last event of each partition: a client that is made with it goes on where this one is. */
  get cursors(): Cursors {
    return Object.fromEntries(
      this.#members.flatMap(({ partition, client: { eventCursor } }) =>
        partition === null || eventCursor.sequence === null ? [] : [[partition, eventCursor.sequence]],
      ),
    );
  }

  /** Open when all connections are; else the state of the one that is furthest from it. */
  get state(): ClientState {
    return this.#members.map(({ client }) => client.state).reduce(worse);
  }

  /** Of a session with a connection that is open: the partitions whose own is not, by name. What there is of them is old. */
  get notConnected(): readonly string[] {
    const closed = this.#members.filter(({ client }) => client.state.state !== "open");
    return closed.length === this.#members.length ? [] : closed.flatMap(({ partition }) => partition ?? []);
  }

  start(): void {
    // The first one last: until it starts, all of them together count as stopped.
    for (const { client } of this.#members.reverse()) client.start();
  }

  stop(): void {
    for (const { client } of this.#members) client.stop();
  }

  #cursorOf(partition: string | null): EventCursor {
    const known = this.#cursors.get(partition);
    if (known !== undefined) return known;
    const cursor = new EventCursor(partition === null ? null : this.#options.cursors?.[partition]);
    this.#cursors.set(partition, cursor);
    return cursor;
  }

  get #members(): Member[] {
    return [this.#first, ...this.#others.values()];
  }

  /** `asked`: null for the first partition. */
  #member(asked: string | null): Member {
    const { connect, joined, connection, cursors, ...options } = this.#options;
    let handlers: PartitionHandlers = {};
    const client = new Client({
      ...options,
      connect: () => connect(asked),
      eventCursor: this.#cursorOf(asked),
      handlers: {
        connection: () => this.#report(),
        welcome: (welcome) => {
          const { partition } = welcome;
          if (!member.isWelcome) {
            member.isWelcome = true;
            const seen = cursors?.[partition];
            if (asked === null && seen !== undefined && client.eventCursor.sequence === null)
              client.eventCursor.beginAt(seen);
            handlers = joined(partition, client);
          }
          member.partition = partition;
          handlers.welcome?.(welcome);
          if (asked === null) this.#follow(welcome);
        },
        channels: (declaration) => handlers.channels?.(declaration),
        samples: (frame, inputSequence) => handlers.samples?.(frame, inputSequence),
        decimated: (decimated) => handlers.decimated?.(decimated),
        event: (event) => handlers.event?.(event),
        state: (state) => handlers.state?.(state),
        metrics: (metrics) => handlers.metrics?.(metrics),
        lagging: (lagging) => handlers.lagging?.(lagging),
        refused: (refused) => handlers.refused?.(refused),
        missed: (missed) => handlers.missed?.(missed),
        rewound: (rewound) => handlers.rewound?.(rewound),
      },
    });
    const member: Member = { partition: asked, isWelcome: false, client };
    return member;
  }

  /** Connects to the other partitions of a welcome to the first one, and lets go those that it does not name. */
  #follow({ partition: first, partitions = [] }: Welcome): void {
    const others = partitions.filter((partition) => partition !== first);
    for (const [partition, { client }] of [...this.#others]) {
      if (others.includes(partition)) continue;
      this.#others.delete(partition);
      client.stop();
    }
    for (const partition of others) {
      if (this.#others.has(partition)) continue;
      const member = this.#member(partition);
      this.#others.set(partition, member);
      member.client.start();
    }
  }

  #report(): void {
    const { state } = this;
    if (state === this.#reported || (state.state === this.#reported?.state && !("reason" in state))) return;
    this.#reported = state;
    this.#options.connection?.(state);
  }
}

interface Member {
  /** Of the first one null until its first welcome. */
  partition: string | null;
  /** It was welcomed. */
  isWelcome: boolean;
  readonly client: Client;
}

/** Steps from open. */
const DISTANCE = { open: 0, connecting: 1, waiting: 2, refused: 3, stopped: 4 } as const;

function worse(a: ClientState, b: ClientState): ClientState {
  return DISTANCE[b.state] > DISTANCE[a.state] ? b : a;
}
