/** The kind `postgres`: notifications, or rows of a query (postgres-origin.ts). */
import process from "node:process";
import { badSpec, feedKind } from "./feed-kind.ts";
import { MESSAGE_OPTIONS, MessageFeed } from "./message-feed.ts";
import { choice, duration, names, text } from "./options.ts";
import { Pause } from "./pause.ts";
import { type PostgresOptions, PostgresOrigin, type PostgresQuery } from "./postgres-origin.ts";
import { authoritiesOf, hostNamed, serverAddress } from "./server-address.ts";
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
    sslmode: choice(
      ["disable", "require", "verify-ca", "verify-full", "no-verify"],
      "TLS; require verifies as verify-full does (default: PGSSLMODE, else disable, or verify-full with ca)",
    ),
    ...MESSAGE_OPTIONS,
  },
  named: hostNamed,
  speed: () => null,
  create({ spec, target, source, group, options, context: { clock } }) {
    const {
      listen,
      query,
      cursor,
      from = "0",
      poll,
      time,
      sslmode,
      ca,
      passwordFile,
      every,
      series,
    } = options;
    const url = serverAddress(spec, target, ["postgres", "postgresql"]);
    if (url.pathname.length < 2) throw badSpec(spec, `${target} names no database`, "HOST/DATABASE");
    if (url.search !== "")
      throw badSpec(
        spec,
        `the address has ${url.search}`,
        "options of the feed, such as ?sslmode=require&listen=…",
      );
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
        tls: tlsOf(sslmode, authoritiesOf(spec, ca)),
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

/** As libpq's option and variable name it; of one with "prefer" a server without TLS is refused. */
function tlsOf(sslmode: string | undefined, ca: string | undefined): PostgresOptions["tls"] {
  const mode = sslmode ?? process.env["PGSSLMODE"] ?? (ca === undefined ? "disable" : "verify-full");
  if (["", "disable", "allow"].includes(mode)) return false;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(mode === "no-verify" ? { rejectUnauthorized: false } : {}),
    // Whose the certificate is does not matter.
    ...(mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
  };
}
