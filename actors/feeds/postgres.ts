/** The kind `postgres`: notifications, or rows of a query (postgres-origin.ts). */
import { badSpec, feedKind } from "./feed-kind.ts";
import { MESSAGE_OPTIONS, MessageFeed } from "./message-feed.ts";
import { duration, flag, names, text } from "./options.ts";
import { Pause } from "./pause.ts";
import { PostgresOrigin, type PostgresQuery } from "./postgres-origin.ts";
import { hostNamed, serverAddress } from "./server-address.ts";
import { tokenOf } from "./token-file.ts";

export const postgresKind = feedKind({
  target: "[USER@]HOST[:PORT]/DATABASE",
  help: "PostgreSQL: notifications (listen), or the rows of a query that goes on from a cursor",
  options: {
    listen: names("channels of NOTIFY, separated by commas"),
    query: text("SELECT … WHERE id > $1 ORDER BY id, which is asked again with the last cursor"),
    cursor: text("column that has the cursor (default: the first)"),
    from: text("the first cursor (default: 0)"),
    poll: duration(1_000_000, 10_000, "time between two questions"),
    tls: flag("with TLS"),
    ...MESSAGE_OPTIONS,
  },
  named: hostNamed,
  speed: () => null,
  create({ spec, target, source, group, options, context: { clock } }) {
    const { listen, query, cursor, from = "0", poll, time, tls, passwordFile, every, series } = options;
    const url = serverAddress(spec, target, ["postgres", "postgresql"]);
    if (url.pathname.length < 2) throw badSpec(spec, `${target} names no database`, "HOST/DATABASE");
    if (listen.length > 0 === (query !== undefined))
      throw badSpec(
        spec,
        listen.length > 0 ? "it has both listen and query" : "it has neither listen nor query",
        "one of them",
      );
    if (query !== undefined && !query.includes("$1"))
      throw badSpec(spec, "the query has no $1", "SELECT … WHERE id > $1 ORDER BY id");
    const asked: PostgresQuery | null =
      query === undefined
        ? null
        : { text: query, cursor: cursor ?? null, from, pollMs: poll / 1_000, time: time ?? null };
    const origin = new PostgresOrigin(
      {
        url,
        tls,
        password: tokenOf(spec, passwordFile, "password"),
        wanted: asked === null ? { listen } : { query: asked },
      },
      () => new Pause(clock),
    );
    return new MessageFeed({
      ...{ source, group, origin, clock, random: Math.random },
      ...{ everyUs: every, seriesMax: series, timeKey: asked === null ? (time ?? null) : null },
    });
  },
});
