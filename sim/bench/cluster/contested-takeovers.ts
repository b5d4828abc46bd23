/**
 * Two nodes take over a partition at once while its owner writes a block: the shipped claim, journal and rule of admission on real servers. Of three
 * copies, the server that leads the stream is killed during some races.
 *
 *   race: owner appends ‖ two claims ─► one of them owns, the other is refused, the owner is fenced ─► all three logs are equal
 *   end:  a reader that was never there finds the same log, and in it every block that was acknowledged
 */
import { connect } from "nats";
import { natsName } from "../../../actors/bus/nats-names.ts";
import type { NatsServer } from "../../../actors/bus/nats-server.ts";
import type { Admission } from "../../../actors/cluster/admission.ts";
import { AdmittedLog } from "../../../actors/cluster/admitted-log.ts";
import { ClaimLost, claim } from "../../../actors/cluster/claim.ts";
import { StreamJournal } from "../../../actors/cluster/stream-journal.ts";
import { createNatsBus, type NatsBus, sha256, systemClock } from "../../../actors/mod.ts";
import type { JournalBlock } from "../../../actors/ports/journal.ts";
import { BlockBuilder } from "../../../protocol/block.ts";
import { type Copies, leaderOf, startServers } from "./nats-cluster.ts";

const PARTITION = "p0";
const STREAM = "races.log";
const RETRY_MS = 250;

/** A reader whose server was killed goes on at another one within seconds. */
const CATCH_UP_MS = 20_000;

/** Of three copies, the leader is killed at every so many races; it starts again after the race. */
const RACES_A_KILL = 250;

export interface ContestedTakeovers {
  readonly races: number;
  /** Times the leader of the stream was killed. */
  readonly kills: number;
  /** Claims that the servers stored and that did not count. */
  readonly storedInVain: number;
  /** Blocks that were acknowledged while they were contested; the others were fenced. */
  readonly blocks: number;
  /** Times the servers lost the end of the log. */
  readonly rewound: number;
  /** Epochs with two owners, logs that differ, acknowledged blocks that are missing. */
  readonly problems: readonly string[];
}

export async function contestedTakeovers(copies: Copies, races: number): Promise<ContestedTakeovers> {
  const servers = await startServers(copies);
  const field = await RaceField.open(servers, copies);
  try {
    return await field.run(races);
  } finally {
    await field.close();
    for (const server of servers) await server.dispose();
  }
}

interface Contender {
  readonly name: string;
  readonly bus: NatsBus;
  log: AdmittedLog;
}

class RaceField {
  readonly #servers: readonly NatsServer[];
  readonly #contenders: Contender[];
  readonly #current: { isBlind: boolean };
  readonly #problems: string[] = [];
  /** Hashes of acknowledged blocks by number. */
  readonly #acknowledged = new Map<number, Uint8Array>();
  #owner: Contender;
  #journal: StreamJournal | null = null;
  #kills = 0;
  #rewound = 0;

  static async open(servers: readonly NatsServer[], copies: Copies): Promise<RaceField> {
    const contenders: Contender[] = [];
    const current = { isBlind: false };
    for (let k = 0; k < 3; k++) {
      const bus = await createNatsBus({
        servers: [servers[k % servers.length]!.url],
        clock: systemClock,
        replicas: copies,
        log: () => {},
      });
      const log = await opened(bus, current);
      contenders.push({ name: `n${k}`, bus, log });
    }
    return new RaceField(servers, contenders, current);
  }

  private constructor(
    servers: readonly NatsServer[],
    contenders: Contender[],
    current: { isBlind: boolean },
  ) {
    this.#current = current;
    this.#servers = servers;
    this.#contenders = contenders;
    this.#owner = contenders[0]!;
  }

  async run(races: number): Promise<ContestedTakeovers> {
    for (let race = 1; race <= races; race++) {
      const killed = this.#servers.length > 1 && race % RACES_A_KILL === 0 ? await this.#killLeader() : null;
      this.#current.isBlind = race % 2 === 0;
      await this.#race(race);
      await killed?.start();
    }
    const reader = await opened(this.#owner.bus, this.#current);
    const { state } = reader;
    this.#compare("a new reader", state, this.#owner.log.state);
    await this.#findAcknowledged(reader);
    reader.end();
    return {
      races,
      kills: this.#kills,
      storedInVain: (state.skipped.lost ?? 0) + (state.skipped.outrun ?? 0),
      blocks: this.#acknowledged.size,
      rewound: this.#rewound,
      problems: this.#problems,
    };
  }

  async close(): Promise<void> {
    for (const { log, bus } of this.#contenders) {
      log.end();
      await bus.close();
    }
  }

  async #race(race: number): Promise<void> {
    const [a, b] = this.#contenders.filter((each) => each !== this.#owner) as [Contender, Contender];
    const journal = this.#journal;
    const block = blockAfter(this.#owner.log);
    const appended = journal?.append(block).then(
      () => void this.#acknowledged.set(block.number, block.hash),
      () => {},
    );
    const claims = [a, b].map((node) => ({ node, ...claimOf(node, race) }));
    const outcomes = await Promise.allSettled(claims.map(({ settled }) => settled));
    const won = claims.filter((_, k) => outcomes[k]!.status === "fulfilled");
    const broken = outcomes.some(
      (outcome) => outcome.status === "rejected" && !(outcome.reason instanceof ClaimLost),
    );
    if (won.length > 1) this.#problems.push(`race ${race}: both took over`);
    if (broken) return this.#readAgain();
    await appended;
    const [winner] = won;
    // Both were outrun by blocks: the owner stays.
    if (winner === undefined) return;
    await journal?.whenEnded();
    await this.#caughtUp(winner.node.log.sequence);
    for (const { name, log } of this.#contenders)
      this.#compare(`race ${race}, ${name}`, log.state, winner.node.log.state);
    this.#own(winner.node);
  }

  #own(node: Contender): void {
    this.#owner = node;
    this.#journal = new StreamJournal({
      log: node.log,
      epoch: node.log.state.epoch,
      snapshots: node.bus.snapshots("races"),
      clock: systemClock,
      retryMs: RETRY_MS,
      report: () => {},
    });
  }

  /** The servers lost the end of the log: what was acknowledged after it no longer counts, as every reader notices. */
  async #readAgain(): Promise<void> {
    this.#rewound++;
    this.#journal?.abandon("the log is read again");
    this.#journal = null;
    for (const contender of this.#contenders) {
      contender.log.end();
      contender.log = await opened(contender.bus, this.#current);
    }
    const last = this.#owner.log.last?.number ?? 0;
    for (const number of [...this.#acknowledged.keys()]) if (number > last) this.#acknowledged.delete(number);
  }

  /** Resolves when all have read so far: a reader that is behind has no other log, only less of it. */
  async #caughtUp(sequence: number): Promise<void> {
    const untilMs = performance.now() + CATCH_UP_MS;
    while (this.#contenders.some(({ log }) => log.sequence < sequence) && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async #killLeader(): Promise<NatsServer | null> {
    const connection = await connect({ servers: this.#servers.map(({ url }) => url) });
    const leader = await leaderOf(connection, this.#servers, natsName(STREAM));
    await connection.close();
    await leader?.kill();
    if (leader !== null) this.#kills++;
    return leader;
  }

  #compare(who: string, found: Admission, expected: Admission): void {
    const [a, b] = [found, expected].map(({ epoch, owner, lastBlock, lastHash }) =>
      [epoch, owner, lastBlock, Buffer.from(lastHash).toString("hex")].join(" "),
    );
    if (a !== b) this.#problems.push(`${who} has ${a}, expected ${b}`);
  }

  async #findAcknowledged(reader: AdmittedLog): Promise<void> {
    const hashes = new Map<number, Uint8Array>();
    for await (const entry of reader.entries(1))
      if (entry.kind === "block") hashes.set(entry.block.number, entry.block.hash);
    for (const [number, hash] of this.#acknowledged)
      if (!Buffer.from(hash).equals(hashes.get(number) ?? new Uint8Array()))
        this.#problems.push(`block ${number} was acknowledged and is not in the log`);
  }
}

/** Every other race, claims say nothing of the end that they expect: the servers store them all, and the rule of admission alone decides. */
function opened(bus: NatsBus, race: { isBlind: boolean }): Promise<AdmittedLog> {
  const stream = bus.stream(STREAM);
  return AdmittedLog.open(
    {
      append: (bytes, { id, ...options }) => stream.append(bytes, race.isBlind ? { id } : { id, ...options }),
      follow: (from, take) => stream.follow(from, take),
      read: (from) => stream.read(from),
      lastSequence: () => stream.lastSequence(),
    },
    PARTITION,
  );
}

function claimOf({ log, name }: Contender, race: number): ReturnType<typeof claim> {
  return claim({ log, owner: `${name}@${race}`, clock: systemClock, retryMs: RETRY_MS, report: () => {} });
}

/** A block of one input. */
function blockAfter({ state }: AdmittedLog): JournalBlock {
  const number = state.lastBlock + 1;
  const { epoch, lastHash: previousHash } = state;
  const builder = new BlockBuilder({
    partition: PARTITION,
    epoch,
    number,
    previousHash,
    firstSequence: number,
  });
  builder.add(number, Uint8Array.of(1));
  const { bytes, lastSequence, timeUs } = builder.close();
  const copy = new Uint8Array(bytes);
  return {
    number,
    firstSequence: number,
    lastSequence,
    timeUs,
    hash: new Uint8Array(sha256(copy)),
    bytes: copy,
  };
}
