/**
 * Every kind of feed that a spec can name, one row each. A new kind is one file like walk.ts and one row here.
 *
 * The bus feed (bus.ts) has no row: a node of a cluster creates it for each partition it owns.
 */

import { binanceKind, coinbaseKind, krakenKind } from "./exchange.ts";
import { fileKind } from "./file.ts";
import { hostKind } from "./host.ts";
import { mqttKind } from "./mqtt.ts";
import type { OptionValues } from "./options.ts";
import { otlpKind } from "./otlp.ts";
import { postgresKind } from "./postgres.ts";
import { promKind } from "./prom.ts";
import { promQueryKind } from "./prom-query.ts";
import { redisKind } from "./redis.ts";
import { statsdKind } from "./statsd.ts";
import { stdinKind } from "./stdin.ts";
import { synthKind } from "./synth.ts";
import { walkKind } from "./walk.ts";

export const FEED_KINDS = {
  host: hostKind,
  file: fileKind,
  stdin: stdinKind,
  prom: promKind,
  "prom-query": promQueryKind,
  binance: binanceKind,
  coinbase: coinbaseKind,
  kraken: krakenKind,
  statsd: statsdKind,
  otlp: otlpKind,
  mqtt: mqttKind,
  redis: redisKind,
  postgres: postgresKind,
  synth: synthKind,
  walk: walkKind,
};

export type FeedKindName = keyof typeof FEED_KINDS;

export type KindValues<Name extends FeedKindName> = OptionValues<(typeof FEED_KINDS)[Name]["options"]>;
