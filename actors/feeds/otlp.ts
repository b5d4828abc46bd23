/** The kind `otlp`: metrics that OpenTelemetry exporters send over HTTP (otlp-feed.ts). */
import { badSpec, feedKind } from "./feed-kind.ts";
import { listeningPlace } from "./listening-place.ts";
import { duration, text } from "./options.ts";
import { OtlpFeed } from "./otlp-feed.ts";
import { seriesOption } from "./reading-rows.ts";
import { tokenOf } from "./token-file.ts";

export const otlpKind = feedKind({
  target: "[HOST:]PORT",
  help: "metrics of OpenTelemetry over HTTP (OTLP, /v1/metrics), on loopback unless a host is given; 4318 is usual",
  options: {
    every: duration(10_000_000, 10_000, "time between rows"),
    series: seriesOption,
    tokenFile: text("file with a bearer token that exporters must send; needed beyond loopback"),
    group: text("name of the channel group (default: otlp-PORT)"),
  },
  named: (target) => target.replace(/^.*:/, ""),
  speed: () => null,
  create({ spec, target, source, group, options, context: { clock } }) {
    const place = listeningPlace(spec, target, 4318);
    const token = tokenOf(spec, options.tokenFile);
    if (token === null && !/^(127\.|::1$|localhost$)/.test(place.host))
      throw badSpec(spec, `${place.host} can be reached from other machines`, "tokenFile=PATH with it");
    return new OtlpFeed({
      ...{ source, clock, token, ...place },
      group: options.group ?? `otlp-${group}`,
      everyUs: options.every,
      seriesMax: options.series,
    });
  },
});
