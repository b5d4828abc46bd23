/** The kind `prom`: what a Prometheus exporter says (prometheus-feed.ts). */
import type { EigenwatchError } from "../../protocol/errors.ts";
import { badSpec, feedKind } from "./feed-kind.ts";
import { EVERYTHING, parseSelection, type Selection } from "./metrics/selection.ts";
import { duration, text } from "./options.ts";
import { PrometheusFeed } from "./prometheus-feed.ts";
import { seriesOption } from "./reading-rows.ts";
import { hostNamed, serverAddress } from "./server-address.ts";
import { tokenOf } from "./token-file.ts";

/** Options of all kinds that ask Prometheus or its exporters. */
export const PROMETHEUS_OPTIONS = {
  every: duration(10_000_000, 100_000, "time between rows"),
  series: seriesOption,
  tokenFile: text("file with a bearer token"),
  group: text("name of the channel group (default: the host of the URL)"),
};

export const promKind = feedKind({
  target: "URL",
  help: "a Prometheus exporter: gauges as they are, counters as rates, histograms as rates and quantiles",
  options: {
    select: text(
      'series to take: up,node_cpu_seconds_total{mode!="idle"},{__name__=~"http_.*"} (default: all)',
    ),
    ...PROMETHEUS_OPTIONS,
  },
  named: hostNamed,
  speed: () => null,
  create({ spec, target, source, group, options, context: { clock } }) {
    return new PrometheusFeed({
      source,
      group,
      exporter: { url: urlOf(spec, target), token: tokenOf(spec, options.tokenFile) },
      everyUs: options.every,
      selection: options.select === undefined ? EVERYTHING : selectionOf(spec, options.select),
      seriesMax: options.series,
      clock,
      random: Math.random,
    });
  },
});

/** Over HTTP, without a user. */
export function prometheusAddress(spec: string, target: string): URL {
  const url = serverAddress(spec, target, ["http", "https"]);
  if (url.username !== "")
    throw badSpec(spec, "the address has a user", "none; tokenFile=PATH names a file with a token");
  return url;
}

/** `localhost:9100` is `http://localhost:9100/metrics`. */
function urlOf(spec: string, target: string): string {
  const url = prometheusAddress(spec, target);
  if (url.pathname === "/") url.pathname = "/metrics";
  return url.href;
}

function selectionOf(spec: string, text: string): Selection {
  try {
    return parseSelection(text);
  } catch (error) {
    const { value, expected } = error as EigenwatchError;
    throw badSpec(spec, `select: ${value}`, expected);
  }
}
