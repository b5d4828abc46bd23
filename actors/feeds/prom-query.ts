/** The kind `prom-query`: what a Prometheus server has recorded, and records from then on (prometheus-query-feed.ts). */
import { badSpec, feedKind } from "./feed-kind.ts";
import { duration, text } from "./options.ts";
import { PROMETHEUS_OPTIONS, prometheusAddress } from "./prom.ts";
import { PAST_US_MAX, PrometheusQueryFeed } from "./prometheus-query-feed.ts";
import { hostNamed } from "./server-address.ts";
import { tokenOf } from "./token-file.ts";

export const promQueryKind = feedKind({
  target: "URL",
  help: "an expression that a Prometheus server evaluates: over the past first, to learn from, then as time goes on",
  options: {
    query: text('expression in PromQL: rate(node_cpu_seconds_total{mode!="idle"}[1m])'),
    past: duration(3_600_000_000, 0, "how far back it begins, up to 23h"),
    ...PROMETHEUS_OPTIONS,
  },
  named: hostNamed,
  speed: () => null,
  create({ spec, target, source, group, options, context: { clock } }) {
    const { query, past, every, series, tokenFile } = options;
    const url = prometheusAddress(spec, target);
    if (query === undefined) throw badSpec(spec, "it has no query", "query=up");
    if (past > PAST_US_MAX)
      throw badSpec(spec, "past is more than 23h", "at most 23h: a live session takes nothing older");
    return new PrometheusQueryFeed({
      ...{ source, group, query, clock, random: Math.random },
      server: { url: url.href.replace(/\/$/, ""), token: tokenOf(spec, tokenFile) },
      ...{ everyUs: every, pastUs: past, seriesMax: series },
    });
  },
});
