/** The kind `statsd`: metrics that programs send by UDP (statsd-feed.ts). */
import { feedKind } from "./feed-kind.ts";
import { listeningPlace } from "./listening-place.ts";
import { duration, text } from "./options.ts";
import { seriesOption } from "./reading-rows.ts";
import { StatsdFeed } from "./statsd-feed.ts";

export const statsdKind = feedKind({
  target: "[HOST:]PORT",
  help: "StatsD packets over UDP, on loopback unless a host is given; 8125 is usual",
  options: {
    every: duration(1_000_000, 10_000, "time between rows"),
    series: seriesOption,
    group: text("name of the channel group (default: statsd-PORT)"),
  },
  named: (target) => target.replace(/^.*:/, ""),
  speed: () => null,
  create: ({ spec, target, source, group, options, context: { clock } }) =>
    new StatsdFeed({
      source,
      group: options.group ?? `statsd-${group}`,
      ...listeningPlace(spec, target, 8125),
      everyUs: options.every,
      seriesMax: options.series,
      clock,
    }),
});
