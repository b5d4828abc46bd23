/**
 * Notifications of PostgreSQL (LISTEN), or the rows of a query that is asked again and again from where it came to.
 *
 *   connect ─┬─ LISTEN ─► notification ─► message of the channel's name           a question now and then shows that the server lives
 *            └─ query with $1, the last cursor ─► rows ─► samples of their columns ─► again after a pause, at once while there are more
 *
 * The connection can only read.
 */
import type { ConnectionOptions } from "node:tls";
import type { Client, ClientConfig } from "pg";
import { EigenwatchError } from "../../protocol/errors.ts";
import { ANSWER_MS_MAX, Ended, ending, type MessageSink, type Origin } from "./message-origin.ts";
import type { Pause } from "./pause.ts";
import { hostOf } from "./server-address.ts";
import type { Ending } from "./stay-connected.ts";
import { findColumns } from "./table/columns.ts";
import { timeOf } from "./table/message-samples.ts";

export interface PostgresQuery {
  /** With $1 for the cursor. */
  readonly text: string;
  /** Column that has the cursor of the next question; null: the first one. */
  readonly cursor: string | null;
  /** The first cursor. */
  readonly from: string;
  /** Between two questions of which the first brought all there is. */
  readonly pollMs: number;
  /** Column that has the time of a row; null: by its name. */
  readonly time: string | null;
}

export interface PostgresOptions {
  readonly url: URL;
  readonly password: string | null;
  readonly tls: false | ConnectionOptions;
  readonly wanted: { readonly listen: readonly string[] } | { readonly query: PostgresQuery };
}

/** Rows of one question: those after them are asked for at once. */
const ROWS_MAX = 1_000;
/** Between two questions of a connection that listens. */
const ALIVE_MS = 15_000;

/** Classes of SQLSTATE of what comes again at each attempt: login, database, data, statement, rights. */
const FOR_GOOD = /^(28|3D|22|42|0A|25)/;

export class PostgresOrigin implements Origin {
  readonly name: string;
  readonly forgets: boolean;
  readonly waits: boolean;
  private readonly options: PostgresOptions;
  private readonly pauseOf: () => Pause;
  private cursor: string | null = null;

  /** `pauseOf`: one that nobody else waits at. */
  constructor(options: PostgresOptions, pauseOf: () => Pause) {
    const { url, wanted } = options;
    this.options = options;
    this.pauseOf = pauseOf;
    const what = "listen" in wanted ? wanted.listen.join(", ") : "rows of the query";
    this.name = `${url.href}: ${what}`;
    this.forgets = "listen" in wanted;
    this.waits = !this.forgets;
  }

  async connection(sink: MessageSink, signal: AbortSignal): Promise<Ending> {
    const { default: pg } = await import("pg");
    const client = new pg.Client(this.clientConfig());
    const pause = this.pauseOf();
    const ended = new Ended(signal);
    const failed = (error: unknown): void => {
      const { message, code = "" } = error as { message?: string; code?: string };
      const isFinal = error instanceof EigenwatchError || FOR_GOOD.test(code);
      const reason = message || code || "an error without a word";
      ended.give(ending(`Cannot read ${this.options.url.href}: ${reason}`, isFinal));
    };
    client.on("error", failed);
    guard(client, failed);
    client.on("end", () => ended.give(ending(`${this.options.url.href} closed the connection`)));
    const { wanted } = this.options;
    const work = client
      .connect()
      .then(() =>
        "listen" in wanted
          ? listen(client, wanted.listen, sink, pause)
          : this.ask(client, wanted.query, sink, pause),
      )
      .catch(failed);
    try {
      return await ended.given;
    } finally {
      pause.stop();
      // Ends what is under way; a server that is gone answers nothing.
      client.connection.stream.destroy();
      await work;
    }
  }

  private clientConfig(): ClientConfig {
    const { url, password, tls } = this.options;
    return {
      host: hostOf(url),
      ...(url.port === "" ? {} : { port: Number(url.port) }),
      ...(url.username === "" ? {} : { user: decodeURIComponent(url.username) }),
      ...(password === null ? {} : { password }),
      database: decodeURIComponent(url.pathname.slice(1)),
      ssl: tls,
      application_name: "eigenwatch",
      options: "-c default_transaction_read_only=on -c datestyle=ISO",
      connectionTimeoutMillis: ANSWER_MS_MAX,
      query_timeout: ANSWER_MS_MAX,
      // The server gives up too: a query that goes on there would be asked once more beside itself.
      statement_timeout: ANSWER_MS_MAX,
      // All as text: a cursor must come back as it was.
      types: { getTypeParser: () => (text: string) => text },
    } as ClientConfig;
  }

  private async ask(client: Client, query: PostgresQuery, sink: MessageSink, pause: Pause): Promise<void> {
    const text = `SELECT * FROM (${query.text.replace(/;\s*$/, "")}\n) AS rows LIMIT ${ROWS_MAX}`;
    while (!pause.stopped) {
      const asked = { text, values: [this.cursor ?? query.from], rowMode: "array" as const };
      const { fields, rows } = await client.query<(string | null)[]>(asked);
      const header = fields.map(({ name }) => name);
      sink.heard();
      if (rows.length > 0) this.take(header, rows, query, sink);
      // At most a thousand rows are under way.
      await sink.drained();
      if (rows.length < ROWS_MAX) await pause.wait(query.pollMs);
    }
  }

  private take(
    header: readonly string[],
    rows: readonly (string | null)[][],
    query: PostgresQuery,
    sink: MessageSink,
  ): void {
    const cursor = query.cursor === null ? 0 : header.indexOf(query.cursor);
    const cursorOf = (row: readonly (string | null)[] | undefined) => row?.[cursor] ?? null;
    if (cursor < 0) throw unusable(`there is no column ${query.cursor}`, `one of ${header.join(", ")}`);
    // Further rows with the cursor of the last one may be beyond the limit: all of them come with the next question.
    const isCut = rows.length === ROWS_MAX;
    const whole = isCut
      ? rows.slice(
          0,
          rows.findIndex((row) => cursorOf(row) === cursorOf(rows.at(-1))),
        )
      : rows;
    if (whole.length === 0)
      throw unusable(
        `${ROWS_MAX} rows and more have ${header[cursor]} ${cursorOf(rows[0])}`,
        "one for each row",
      );
    const last = cursorOf(whole.at(-1));
    if (last === null || last === (this.cursor ?? query.from))
      throw unusable(
        `${header[cursor]} of the last row is ${last}, as before`,
        `another one at each time: WHERE ${header[cursor]} > $1 ORDER BY ${header[cursor]}`,
      );
    const { time, symbol, values } = findColumns(header, { time: query.time ?? undefined }, false);
    for (const row of whole) {
      const timeUs = time < 0 ? Number.NaN : timeOf(row[time]);
      if (time >= 0 && Number.isNaN(timeUs)) {
        sink.bad("badTime", 1, () => `${header[time]} is ${row[time]}`);
        continue;
      }
      for (const column of values) {
        const cell = row[column] ?? null;
        const channel = symbol < 0 ? header[column]! : row[symbol];
        if (column !== cursor && cell !== null && channel) sink.message(channel, cell, timeUs);
      }
    }
    this.cursor = last;
  }
}

/** What the library cannot read it throws into the listener of the socket: nobody catches it there, and the program would end. */
function guard(client: Client, failed: (error: unknown) => void): void {
  const connection = client.connection as unknown as Listening;
  const attach = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) =>
    attach({
      on: (event, listener) =>
        stream.on(event, (...given) => {
          try {
            listener(...given);
          } catch (error) {
            failed(error);
          }
        }),
    });
}

interface Stream {
  on(event: string, listener: (...given: unknown[]) => void): unknown;
}

interface Listening {
  attachListeners(stream: Stream): void;
}

/** Of the query, which would be so at each attempt. */
function unusable(value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: "go on with the query", value, expected });
}

/** Until the connection ends. */
async function listen(
  client: Client,
  channels: readonly string[],
  sink: MessageSink,
  pause: Pause,
): Promise<void> {
  client.on("notification", ({ channel, payload = "" }) => sink.message(channel, payload, Number.NaN));
  for (const channel of channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
  sink.heard();
  while (!pause.stopped) {
    await pause.wait(ALIVE_MS);
    if (!pause.stopped) await client.query("SELECT 1");
  }
}
