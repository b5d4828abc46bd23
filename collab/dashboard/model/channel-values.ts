/** Values of a channel as people read them: those of prices in the digits of their steps. */
import { quantityParts } from "../../charts/format.ts";
import type { Channel } from "./model.ts";

export function valueText(channel: Channel, value: number): string {
  const [digits, unit] = valueParts(channel, value);
  return unit === "" ? digits : `${digits} ${unit}`;
}

/** The same in two parts, so that lists can align the digits. */
export function valueParts({ tick, unit }: Channel, value: number): [digits: string, unit: string] {
  const decimals = tick?.decimals ?? null;
  if (decimals === null || !Number.isFinite(value)) return quantityParts(value, unit);
  return [value.toFixed(decimals), unit];
}

/** "+1.23 %". */
export function percentText(percent: number): string {
  if (!Number.isFinite(percent)) return "–";
  const size = Math.abs(percent);
  const digits = size.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return `${Number(digits) === 0 ? "" : percent > 0 ? "+" : "−"}${digits} %`;
}
