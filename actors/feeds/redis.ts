/** The kind `redis`: streams of Redis (redis-origin.ts). */
import { badSpec, feedKind } from "./feed-kind.ts";
import { MESSAGE_OPTIONS, MessageFeed } from "./message-feed.ts";
import { names, text } from "./options.ts";
import { RedisOrigin } from "./redis-origin.ts";
import { authoritiesAt, hostNamed, serverAddress } from "./server-address.ts";
import { tokenOf } from "./token-file.ts";

const { time: _, ...OPTIONS } = MESSAGE_OPTIONS;

export const redisKind = feedKind({
  target: "HOST[:PORT]",
  help: "streams of Redis: each field with a number, or with JSON, at the time in the id of its entry",
  options: {
    streams: names("streams, separated by commas"),
    from: text("new, or the id of an entry: those after it are read first; 0: all (default: new)"),
    user: text("name of the user"),
    ...OPTIONS,
  },
  named: hostNamed,
  speed: () => null,
  create({ spec, target, source, group, options, context: { clock } }) {
    const { streams, from = "new", user, passwordFile, ca, every, series } = options;
    const url = serverAddress(spec, target, ["redis", "rediss"]);
    if (url.username !== "") throw badSpec(spec, "the address has a user", "none, and user=NAME");
    if (streams.length === 0) throw badSpec(spec, "it names no streams", "streams=sensors");
    if (!/^(new|\d{1,16}(-\d{1,16})?)$/.test(from))
      throw badSpec(spec, `from=${from} is no place`, "new, 0, or an id such as 1526919030474-0");
    const origin = new RedisOrigin({
      ...{ url: url.href, streams, from, user: user ?? null },
      password: tokenOf(spec, passwordFile, "password"),
      ca: authoritiesAt(spec, url, ca),
      clock,
    });
    return new MessageFeed({
      ...{ source, group, origin, clock, random: Math.random },
      ...{ everyUs: every, seriesMax: series, timeKey: null },
    });
  },
});
